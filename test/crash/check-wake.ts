import type { CallEvidence, Evidence, Rows } from './evidence.ts'
import { type Violation, violation } from './violation.ts'

type Before = NonNullable<Evidence['beforeWake']>

/** I8: a process that was presumed dead changes nothing; it may complete its own row of the ledger. */
export function checkWake({ beforeWake, ...after }: Evidence): Violation[] {
  if (!beforeWake) return []
  const tables = ['turns', 'steps', 'outbox', 'memories', 'messages', 'records'] as const
  return [
    ...tables.flatMap((table) => changed(table, beforeWake.rows, after.rows)),
    ...changedCalls(beforeWake.rows.modelCalls, after.rows.modelCalls),
    ...lateMessages(beforeWake.visible.length, after.visible.length),
    ...lateEffects(beforeWake, after),
  ]
}

/**
 * Nothing can be fenced outside: who slept right before a call makes it on waking. It must be one under
 * a known key, or one whose result says that it may have happened.
 */
function lateEffects(before: Before, { effects, rows }: Before): Violation[] {
  const known = new Set(before.effects.map(({ key }) => key))
  const isUnknown = (turnId: string) =>
    rows.steps.some((step) => step.turnId === turnId && step.success === false)
  return effects
    .filter(({ key, kind, turnId }) => !known.has(key) && !(kind === 'once' && isUnknown(turnId)))
    .map(({ kind, turnId }) =>
      violation('I8', `the ${kind} action of the turn ${turnId} had its effect after the wake`),
    )
}

function changed(table: keyof Rows, before: Rows, after: Rows): Violation[] {
  const known = new Set(before[table].map((row) => JSON.stringify(row)))
  const others = after[table].filter((row) => !known.has(JSON.stringify(row)))
  const changes = others.map((row) =>
    violation('I8', `the woken process wrote to ${table}: ${JSON.stringify(row)}`),
  )
  const lost = before[table].length - after[table].length
  return lost > 0 ? [...changes, violation('I8', `${lost} rows of ${table} are gone`)] : changes
}

function changedCalls(before: readonly CallEvidence[], after: readonly CallEvidence[]) {
  return after.flatMap((call) => {
    const old = before.find(
      (c) =>
        c.turnId === call.turnId &&
        c.gen === call.gen &&
        c.step === call.step &&
        c.call === call.call &&
        c.attempt === call.attempt,
    )
    const isItsOwn = old?.state === 'unknown' || old?.state === 'pending'
    if (old?.state === call.state || isItsOwn) return []
    const { turnId, step, state } = call
    return [violation('I8', `the call ${step} of ${turnId} became ${state} after the wake`)]
  })
}

const lateMessages = (before: number, after: number): Violation[] =>
  after > before ? [violation('I8', `${after - before} messages were shown after the wake`)] : []
