import { type Evidence, type Rows, type TurnEvidence, wordsShown } from './evidence.ts'
import { grouped, type Violation, violation } from './violation.ts'

/**
 * I3: the turns of a room end, and their messages appear, in the order of their `seq`. A turn that was
 * parked or opened anew has left the order, and re-entered it under a new `seq`: its times are not
 * those of its place.
 */
export function checkOrder(evidence: Evidence): Violation[] {
  const { rows } = evidence
  const visible = wordsShown(evidence)
  return [...grouped(rows.turns, ({ roomId }) => roomId).values()].flatMap((turns) => {
    const queue = turns.toSorted((a, b) => a.seq - b.seq)
    return [...overlaps(queue), ...outOfOrder(rows, visible, queue)]
  })
}

function overlaps(queue: readonly TurnEvidence[]): Violation[] {
  const first = queue.filter(({ gen, startedAt }) => gen === 1 && startedAt !== null)
  return first.slice(1).flatMap((turn, index) => {
    const before = first[index]
    const began = turn.startedAt ?? 0
    if (!before || began >= (before.settledAt ?? Number.POSITIVE_INFINITY)) return []
    return [violation('I3', `the turn ${turn.id} began before ${before.id} had ended`)]
  })
}

function outOfOrder(
  rows: Rows,
  visible: Evidence['visible'],
  queue: readonly TurnEvidence[],
): Violation[] {
  const placeOf = new Map(queue.map(({ id }, place) => [id, place]))
  const rowOf = new Map(rows.outbox.map((row) => [row.id, row]))
  const seen = new Set<string>()
  const shown = visible.flatMap(({ rowId, part, text }) => {
    const key = `${rowId} ${part}`
    const row = rowOf.get(rowId)
    const place = row && placeOf.get(row.turnId)
    // A platform without keys may show a message again later: that is for I2.
    if (place === undefined || seen.has(key)) return []
    seen.add(key)
    return [{ place, text, seq: row?.seq ?? 0, part }]
  })
  return shown.slice(1).flatMap(({ place, text, seq, part }, index) => {
    const before = shown[index]
    if (!before || before.place < place) return []
    if (before.place === place && before.seq < seq) return []
    if (before.seq === seq && before.part < part) return []
    return [violation('I3', `'${text}' is shown after '${before.text}'`)]
  })
}
