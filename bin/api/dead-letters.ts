import { ConflictError, NotFoundError } from '../../agent/errors.ts'
import type { DeadLetter, DeadLettersPort } from '../../api/dead-letters-port.ts'
import { withRetry } from '../../database/failures.ts'
import { pageOf } from '../../schema/page-cursor.ts'
import { storableText } from '../../schema/text.ts'
import { isTurnCode, type TurnCode } from '../../schema/turn.ts'
import {
  actsAbout,
  type DeadLetterRow,
  findDeadLetter,
  listDeadLetters,
} from '../../turns/dead-letter-list.ts'
import { type ActOutcome, retryDeadLetter, skipDeadLetter } from '../../turns/dead-letters.ts'
import type { ApiParts } from './parts.ts'

/** Turns that ended badly, and what operators do about them. */
export function createDeadLettersPort(parts: ApiParts): DeadLettersPort {
  const { db, turnDeadlineMs: deadlineMs } = parts
  const existing = async (turnId: string) => {
    const row = await findDeadLetter(db, turnId)
    if (!row) throw new NotFoundError('dead letter', turnId)
    return row
  }
  /** What stands there after an act. */
  const after = async (turnId: string, outcome: ActOutcome): Promise<DeadLetter> => {
    if (outcome.kind !== 'done') throw refusal(turnId, outcome)
    if (outcome.head) parts.kick(outcome.head)
    return toLetter(await existing(turnId))
  }
  return {
    async list(page) {
      const rows = await listDeadLetters(db, { ...page, limit: page.limit + 1 })
      const { shown, next } = pageOf(rows, page.limit)
      return { deadLetters: shown.map(toLetter), next }
    },
    async get(turnId) {
      const row = await existing(turnId)
      const acts = (await actsAbout(db, turnId)).map((act) => ({
        ...{ act: act.act, at: act.at.getTime(), by: act.by_whom, comment: act.comment },
        ...{ gen: act.gen, state: act.state, code: codeOf(act.code), error: act.error },
        originalText: act.original_text,
      }))
      return {
        ...toLetter(row),
        acts,
        message: { content: row.text, metadata: row.metadata ?? {} },
      }
    },
    async retry(turnId, { text, by, comment }) {
      const stored = {
        ...storedBy(by, comment),
        text: text === null ? null : storableText(text),
      }
      const retry = () => retryDeadLetter(db, { turnId, deadlineMs, ...stored })
      return after(turnId, await withRetry(retry))
    },
    async skip(turnId, { by, comment }) {
      const skip = () => skipDeadLetter(db, { turnId, ...storedBy(by, comment) })
      return after(turnId, await withRetry(skip))
    },
  }
}

const storedBy = (by: string, comment: string | null) => ({
  by: storableText(by),
  comment: comment === null ? null : storableText(comment),
})

function refusal(turnId: string, outcome: Exclude<ActOutcome, { kind: 'done' }>): Error {
  switch (outcome.kind) {
    case 'missing':
      return new NotFoundError('dead letter', turnId)
    case 'agent-stopped':
      return new ConflictError(
        `The agent of the turn '${turnId}' is stopped. Start it with POST /api/agents/${outcome.agentId}/start, then retry.`,
        'agent_stopped',
      )
    case 'conflict':
      if (outcome.deadLetter === null) return new NotFoundError('dead letter', turnId)
      return new ConflictError(
        `The turn '${turnId}' is ${outcome.state}, and its dead letter ${outcome.deadLetter}: ${nextOf(outcome.deadLetter)}`,
      )
  }
}

const nextOf = (deadLetter: string) =>
  deadLetter === 'retried'
    ? 'it was retried already. See how it goes with GET /api/turns/:id.'
    : 'only turns that failed or timed out run again. Skip it when you have looked at it.'

const codeOf = (code: string | null): TurnCode | null => (isTurnCode(code) ? code : null)

const toLetter = (row: DeadLetterRow): DeadLetter => ({
  turnId: row.id,
  gen: row.gen,
  agentId: row.agent_id,
  roomId: row.room_id,
  channelId: row.channel_id,
  messageId: row.message_id,
  authorId: row.author_id,
  text: row.text,
  deadLetter: row.dead_letter,
  at: Math.floor(Number(row.at_micros) / 1_000),
  state: row.state,
  code: codeOf(row.code),
  error: row.error,
  hasUnknownEffect: row.has_unknown_effect,
  acceptedAt: row.accepted_at.getTime(),
})
