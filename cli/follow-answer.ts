import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type Answer, NO_ANSWER, restarted, withChunk } from './answer.ts'
import { type Api, isPassing } from './api-client.ts'
import { readEvents, type ServerEvent } from './sse.ts'

/** How a turn ended for the person. */
export type AnswerEnd =
  | { readonly kind: 'done'; readonly text: string }
  /** The turn is parked: it goes on once somebody has answered. */
  | { readonly kind: 'waiting'; readonly text: string; readonly approval: WaitingFor }
  | {
      readonly kind: 'failed'
      readonly code: string
      readonly state: string
      readonly text: string
    }

/** What a parked turn asks. */
export interface WaitingFor {
  readonly id: string
  readonly question: string
}

export interface FollowOptions {
  readonly signal: AbortSignal
  /** The whole text so far; shorter than before, or another one, when a new attempt began. */
  onText(text: string): void
  /** The stream was cut and is taken up again. */
  onAway(error: unknown): void
}

const RETRY_MS = [250, 500, 1000, 2000]
/** The nth wait before trying again; the last one for all that follow. */
export const retryMs = (attempt: number): number =>
  RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 2000

const chunkData = z.object({ chunk: z.string(), index: z.number() })
const doneData = z.object({ text: z.string().nullish() })
const errorData = z.object({
  error: z.string(),
  state: z.string().optional(),
  text: z.string().nullish(),
})
const waitingData = z.object({
  text: z.string().nullish(),
  approval: z.object({ id: z.string(), question: z.string() }).nullish(),
})
/** The stream broke off on the server's side; the turn goes on. */
const INTERRUPTED = 'stream_interrupted'

type Step =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'end'; readonly end: AnswerEnd }
  | { readonly kind: 'cut' }

/**
 * Reads a turn's answer to its end, through as many connections as that takes. Nothing is shown
 * twice: each connection resumes behind the last event that was seen.
 *
 * @throws {ApiRefusedError} the API will not show it. @throws the signal's reason.
 */
export async function followAnswer(
  api: Api,
  turnId: string,
  options: FollowOptions,
): Promise<AnswerEnd> {
  const { signal, onText, onAway } = options
  let answer = NO_ANSWER
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const event of openStream(api, turnId, answer, signal)) {
        const step = stepOf(answer, event)
        if (step.kind === 'end') return step.end
        if (step.kind === 'cut') break
        failures = 0
        answer = step.answer
        onText(answer.text)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error)) throw error
      onAway(error)
    }
    await delay(retryMs(failures), undefined, { signal })
  }
}

function openStream(api: Api, turnId: string, { lastEventId }: Answer, signal: AbortSignal) {
  const resume = lastEventId === undefined ? undefined : { 'last-event-id': lastEventId }
  const headers = { accept: 'text/event-stream', ...resume }
  return readEvents(api.read(`/api/turns/${turnId}/stream`, { headers, signal }))
}

function stepOf(answer: Answer, { event, data, id }: ServerEvent): Step {
  if (event === 'chunk') {
    const { chunk, index } = chunkData.parse(JSON.parse(data))
    return { kind: 'answer', answer: withChunk(answer, { id, index, text: chunk }) }
  }
  if (event === 'restart') return { kind: 'answer', answer: restarted(answer, id) }
  if (event === 'done') {
    const { text } = doneData.parse(JSON.parse(data))
    return { kind: 'end', end: { kind: 'done', text: text ?? '' } }
  }
  if (event === 'waiting_approval') {
    const { text, approval } = waitingData.parse(JSON.parse(data))
    if (!approval) return { kind: 'cut' } // it was answered just now: the turn goes on
    return { kind: 'end', end: { kind: 'waiting', text: text ?? '', approval } }
  }
  if (event !== 'error') return { kind: 'answer', answer }
  const { error, state, text } = errorData.parse(JSON.parse(data))
  if (error === INTERRUPTED) return { kind: 'cut' }
  return {
    kind: 'end',
    end: { kind: 'failed', code: error, state: state ?? 'failed', text: text ?? '' },
  }
}
