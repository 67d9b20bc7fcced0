import { withDescriptions } from '../../agent/attachments.ts'
import { FencedError } from '../../agent/errors.ts'
import type { Journal, StepAttempt } from '../../agent/ports.ts'
import { outboxEntry } from './fake-outbox.ts'
import { type Rows, rowOf, stepKey } from './fake-rows.ts'

/** The journal's rules (turns/journal.ts) on rows in memory. */
export function fakeJournal(rows: Rows): Journal {
  const runs = (attempt: StepAttempt) => {
    const turn = rowOf(rows, attempt)
    return turn?.runId === attempt.runId ? turn : undefined
  }
  return {
    async claim(attempt, { step, beforeSettle }) {
      const key = stepKey(attempt, step)
      const standing = rows.steps.get(key)
      if (standing?.state === 'done') return { kind: 'done', result: standing.result ?? {} }
      const turn = runs(attempt)
      const isLater = !standing || standing.attempt < attempt.attempt
      const isMine = standing?.token === attempt.token
      if (!turn || (beforeSettle && turn.state !== 'running') || !(isLater || isMine)) {
        throw new FencedError(step)
      }
      const { token } = attempt
      rows.steps.set(key, { ...standing, attempt: attempt.attempt, token, state: 'pending' })
      return { kind: 'claimed', isTakeover: standing !== undefined }
    },
    async finish(attempt, step, result, writes) {
      const row = rows.steps.get(stepKey(attempt, step))
      if (row?.token !== attempt.token || row.state !== 'pending') throw new FencedError(step)
      Object.assign(row, { state: 'done', result, error: undefined })
      if (!writes) return
      const { turn, outboxSource, evaluator, described, ...committed } = writes
      rows.commits.push({ step, ...committed })
      if (described)
        Object.assign(turn.message, { content: withDescriptions(turn.message.content, described) })
      if (evaluator !== undefined) rows.evaluatorRuns.set(evaluator, turn.seq)
      for (const [ordinal, content] of committed.messages.entries()) {
        if (outboxSource === null) continue
        const id = `${stepKey(turn, step)}:${ordinal}`
        rows.outbox.push(outboxEntry(turn, { id, source: outboxSource, content }))
      }
    },
    async once(attempt, step, result) {
      const key = stepKey(attempt, step)
      const standing = rows.steps.get(key)
      if (standing?.state === 'done') return standing.result ?? {}
      if (runs(attempt)?.state !== 'running') throw new FencedError(step)
      const { attempt: number, token } = attempt
      rows.steps.set(key, { attempt: number, token, state: 'done', result })
      return result
    },
    async standing(turn, step) {
      const row = rows.steps.get(stepKey(turn, step))
      if (row?.state === 'done') return 'done'
      return row && row.token !== 'noted' ? 'begun' : 'none'
    },
    async read(turn, step) {
      const row = rows.steps.get(stepKey(turn, step))
      return row?.state === 'done' ? (row.result ?? {}) : undefined
    },
    async noteFailure(attempt, step, error) {
      const key = stepKey(attempt, step)
      const standing = rows.steps.get(key)
      if (!runs(attempt) || standing?.state === 'done') return
      if (standing && standing.attempt > attempt.attempt) return
      const { attempt: number, token } = attempt
      rows.steps.set(key, { attempt: number, token, state: 'pending', ...standing, error })
    },
  }
}
