import { checkBill } from './check-bill.ts'
import { checkCommits } from './check-commits.ts'
import { checkEffects } from './check-effects.ts'
import { checkOrder } from './check-order.ts'
import { checkOutcomes } from './check-outcomes.ts'
import { checkRecords } from './check-records.ts'
import { checkVisible } from './check-visible.ts'
import { checkWake } from './check-wake.ts'
import type { Evidence } from './evidence.ts'
import { type Violation, violation } from './violation.ts'

/**
 * The promises, read off what a run left behind. To be asked when all is quiet: what is still under
 * way counts as lost.
 */
export const checkInvariants = (evidence: Evidence): Violation[] => [
  ...checkOutcomes(evidence),
  ...checkVisible(evidence),
  ...checkOrder(evidence),
  ...checkCommits(evidence),
  ...checkRecords(evidence),
  ...checkEffects(evidence),
  ...checkBill(evidence),
  ...checkHistories(evidence),
  ...checkWake(evidence),
]

/** I7: no words of people in Temporal. */
const checkHistories = ({ histories, canaries }: Evidence): Violation[] =>
  histories.flatMap(({ turnId, texts }) =>
    canaries
      .filter((canary) => texts.some((text) => text.includes(canary)))
      .map((canary) => violation('I7', `the history of the turn ${turnId} holds '${canary}'`)),
  )
