import { randomUUID } from 'node:crypto'
import {
  defaultAnswer,
  type RecordedRequest,
  replyXml,
  type StubScript,
} from '../../test/support/stub-openai.ts'
import { promptText } from '../../test/support/stub-openai-answer.ts'
import { stream } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import type { House } from '../house.ts'

/**
 * The stub's answer in two chunks: everything up to the first words of the text, then, when told to,
 * the rest. What is measured is the way from the vendor's socket to the client's.
 */
export function createTwoChunkScript(): {
  script: StubScript
  release(): void
} {
  let release: () => void = () => undefined
  const answer = replyXml('These words come first. These come later.')
  const chunkSize = answer.indexOf('These come')
  return {
    release: () => release(),
    script: (body, n) => {
      if (!promptText(body).includes('<message_to_answer>')) return defaultAnswer(body, n) // an evaluator asks too, and nobody releases it
      const pauseAfterFirst = new Promise<void>((resolve) => {
        release = resolve
      })
      return { kind: 'text', text: answer, chunkSize, pauseAfterFirst }
    },
  }
}

/** Of the turn itself; an evaluator may ask at the same time. */
const isDecision = ({ body }: RecordedRequest) => promptText(body).includes('<message_to_answer>')

export async function measureFirstToken(
  house: House,
  turns: number,
  release: () => void,
): Promise<Figure[]> {
  const channel = randomUUID()
  const times: number[] = []
  for (let n = 0; n < turns; n += 1) {
    times.push(await firstToken(house, channel, release))
  }
  const p50 = round(percentile(times, 0.5), 1)
  return [
    {
      what: 'first streamed token after the vendor sent it',
      budget: 'p50 ≤ 10 ms',
      measured: `p50 ${p50} ms (from the vendor having the request)`,
      isMet: p50 <= 10,
      numbers: { p50, turns },
    },
  ]
}

/** Milliseconds from the vendor having the request, which it answers at once, to the first chunk. */
async function firstToken(house: House, channel: string, release: () => void): Promise<number> {
  const asked = house.stub.requests().length
  let ms: number | undefined
  for await (const { event } of await stream(house, channel, 'hello')) {
    if (event !== 'chunk') continue
    const decision = house.stub.requests().slice(asked).find(isDecision)
    ms ??= Date.now() - (decision?.receivedAt ?? Number.NaN)
    release()
  }
  return ms ?? Number.NaN
}
