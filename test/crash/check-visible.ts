import { type Evidence, type OutboxEvidence, wordsShown } from './evidence.ts'
import { grouped, type Violation, violation } from './violation.ts'

/** I2: what was said is seen, once; what was not said is not seen. */
export function checkVisible(all: Evidence): Violation[] {
  const evidence = { ...all, visible: wordsShown(all) }
  const { visible, rows } = evidence
  const known = new Set(rows.outbox.map(({ id }) => id))
  const strangers = visible.filter(({ rowId }) => !known.has(rowId))
  return [
    ...strangers.map(({ rowId, text }) =>
      violation('I2', `'${text}' is shown for the outbox row ${rowId}, which does not exist`),
    ),
    ...rows.outbox.flatMap((row) => [...seenOnce(evidence, row), ...seenAsSaid(evidence, row)]),
  ]
}

function seenOnce({ visible, dedup }: Evidence, { id, turnId, state }: OutboxEvidence) {
  const shown = visible.filter(({ rowId }) => rowId === id)
  const times = Math.max(
    0,
    ...[...grouped(shown, ({ part }) => `${part}`).values()].map((of) => of.length),
  )
  const row = `the outbox row ${id} of the turn ${turnId}`
  if (state === 'pending' || state === 'sending') return [violation('I2', `${row} is ${state}`)]
  if (state === 'sent' && times === 0) return [violation('I2', `${row} is sent, and not shown`)]
  // Without a key nobody can tell a repeat: the residual window is documented.
  if (times > 1 && dedup !== 'none') return [violation('I2', `${row} is shown ${times} times`)]
  if (state === 'retracted' && times > 0) return [violation('I2', `${row} is retracted, and shown`)]
  return []
}

/** A message that fits the platform is shown as it was said. */
function seenAsSaid({ visible, rows }: Evidence, { id }: OutboxEvidence): Violation[] {
  const shown = visible.filter(({ rowId }) => rowId === id)
  const said = rows.messages.find((message) => message.id === id)?.text
  if (said === undefined || shown.some(({ part }) => part > 0)) return []
  return shown
    .filter(({ text }) => text !== said)
    .map(({ text }) => violation('I2', `'${said}' was said, and '${text}' is shown`))
}
