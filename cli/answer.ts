/** What is known of an answer while it streams. Plain data, moved on by the functions below. */
export interface Answer {
  readonly text: string
  /** Position of the newest event: `gen.attempt.seq`, or undefined before the first. */
  readonly lastEventId?: string
  /** `gen.attempt` that `text` comes from. */
  readonly attempt?: string
  /** Index of the chunk that continues `text`. */
  readonly nextIndex: number
}

export const NO_ANSWER: Answer = { text: '', nextIndex: 0 }

export interface Chunk {
  readonly id: string | undefined
  readonly index: number
  readonly text: string
}

/**
 * Adds a chunk. After a reconnect the server may send what was seen before: a chunk out of turn is
 * dropped, one of an older attempt too, and one of a newer attempt begins the text anew.
 */
export function withChunk(answer: Answer, chunk: Chunk): Answer {
  const attempt = attemptOf(chunk.id) ?? answer.attempt
  const order = compareAttempts(attempt, answer.attempt)
  if (order < 0) return answer
  const base = order > 0 && answer.attempt !== undefined ? NO_ANSWER : answer
  if (chunk.index !== base.nextIndex) return base
  return {
    text: base.text + chunk.text,
    nextIndex: base.nextIndex + 1,
    lastEventId: chunk.id ?? base.lastEventId,
    attempt,
  }
}

/** A newer attempt begins: what was seen is void. */
export function restarted(answer: Answer, id: string | undefined): Answer {
  return { ...NO_ANSWER, lastEventId: id ?? answer.lastEventId, attempt: attemptOf(id) }
}

function attemptOf(id: string | undefined): string | undefined {
  return /^(\d+\.\d+)\.\d+$/.exec(id ?? '')?.[1]
}

function compareAttempts(a: string | undefined, b: string | undefined): number {
  const [genA = 0, attemptA = 0] = (a ?? '').split('.').map(Number)
  const [genB = 0, attemptB = 0] = (b ?? '').split('.').map(Number)
  return genA - genB || attemptA - attemptB
}
