import type { Ports, StepAttempt } from '../agent/ports.ts'
import { createTextStream, type TextStreamOptions } from '../agent/prompts/text-stream.ts'
import type { TextListener } from './call-model.ts'

/** Gives the stream what the person may see, while the model still writes. */
export interface Publisher extends TextListener {
  end(): void
  /** Text that was published. */
  said(): string
  position(): Spoken
}

/** Where the stream stands. */
export interface Spoken {
  readonly attempt: number
  readonly chunks: number
}

export function createPublisher(
  stream: Ports['stream'],
  { turnId, gen, attempt }: StepAttempt,
  options: TextStreamOptions = {},
): Publisher {
  let visible = createTextStream(options)
  let seq = 0 // goes on over both calls: a position names one chunk of the attempt
  let said = ''
  // Two answers in one stream would be read as one; `settle` shows the whole of the second.
  let isMuted = false
  const publish = (text: string) => {
    if (text === '' || isMuted) return
    said += text
    stream.publish(turnId, { kind: 'chunk', gen, attempt, seq, text })
    seq += 1
  }
  return {
    begin: () => {
      visible = createTextStream(options)
      isMuted ||= said !== ''
    },
    push: (delta) => publish(visible.push(delta)),
    end: () => publish(visible.end()),
    said: () => said,
    isVisible: () => said !== '' && !isMuted,
    position: () => ({ attempt, chunks: seq }),
  }
}
