import type { BilledCall, CallEvidence, Evidence } from './evidence.ts'
import { grouped, type Violation, violation } from './violation.ts'

/**
 * I5: the bill is a subset of the ledger; the rest of the ledger is `unknown` or `cut`. Both name the
 * turn and the step, so they are compared per step.
 */
export function checkBill({ bill, rows }: Evidence): Violation[] {
  const keyOf = ({ turnId, step }: { turnId: string; step: string }) => `${step} of ${turnId}`
  const billed = grouped(bill, keyOf)
  const ledger = grouped(rows.modelCalls, keyOf)
  return [
    ...[...new Set([...billed.keys(), ...ledger.keys()])].flatMap((key) =>
      compared(key, billed.get(key) ?? [], ledger.get(key) ?? []),
    ),
    ...twice(rows.modelCalls),
  ]
}

function compared(
  key: string,
  billed: readonly BilledCall[],
  ledger: readonly CallEvidence[],
): Violation[] {
  const found: Violation[] = []
  if (billed.length > ledger.length) {
    found.push(
      violation('I5', `${key}: ${billed.length} calls billed, ${ledger.length} in the ledger`),
    )
  }
  const answered = billed.filter(({ state }) => state === 'answered').length
  const complete = ledger.filter(({ state }) => state === 'complete').length
  if (complete > answered) {
    found.push(violation('I5', `${key}: ${complete} calls complete, ${answered} answered`))
  }
  if (ledger.some(({ state }) => state === 'pending')) {
    found.push(violation('I5', `${key}: a call is pending for ever`))
  }
  return found
}

const twice = (calls: readonly CallEvidence[]): Violation[] =>
  [...grouped(calls, (c) => `${c.turnId} ${c.gen} ${c.step} ${c.call} ${c.attempt} ${c.try}`)]
    .filter(([, group]) => group.length > 1)
    .map(([key]) => violation('I5', `the call ${key} has more than one row`))
