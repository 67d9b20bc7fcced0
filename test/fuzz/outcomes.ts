/** What became of a message, for one agent that heard it. */
export type Outcome =
  | 'replied'
  /** Merged into a turn that replied. */
  | 'merged'
  /** Ended as its own policy wants it: the room was busy. */
  | 'rejected'
  /** Ended because a later message took its place, or of the turn that it was merged into. */
  | 'superseded'
  /** Ended because somebody cancelled it, or the turn that it was merged into. */
  | 'cancelled'
  | 'ignored'
  | 'failed'
  | 'timed out'
  | 'not ended'
  | 'not accepted'

export const OUTCOMES: readonly Outcome[] = [
  ...(['replied', 'merged', 'rejected', 'superseded', 'cancelled'] as const),
  ...(['ignored', 'failed', 'timed out', 'not ended', 'not accepted'] as const),
]

/** These count as answered. */
const ANSWERED: readonly Outcome[] = ['replied', 'merged']
/** Somebody wanted these to end so: they are counted apart, and are no part of the share. */
const WANTED: readonly Outcome[] = ['rejected', 'superseded', 'cancelled']

export interface EndedTurn {
  readonly id: string
  readonly state: string
  readonly answeredBy: string | null
}

/** A message was heard by an agent: by its turn, or by none when nobody accepted it. */
export function outcomeOf(
  turnId: string | undefined,
  turns: ReadonlyMap<string, EndedTurn>,
): Outcome {
  const turn = turnId === undefined ? undefined : turns.get(turnId)
  if (!turn) return 'not accepted'
  switch (turn.state) {
    case 'merged': {
      const outcome = outcomeOf(turn.answeredBy ?? undefined, turns)
      if (outcome === 'replied') return 'merged'
      return outcome === 'not accepted' ? 'not ended' : outcome
    }
    case 'replied':
    case 'rejected':
    case 'superseded':
    case 'cancelled':
    case 'ignored':
    case 'failed':
      return turn.state
    case 'timed_out':
      return 'timed out'
    default:
      return 'not ended'
  }
}

/** Below this share of answered messages, a run has shown nothing. */
export const LEAST_SHARE = 0.8

/** Answered messages among those of which nobody wanted another end; 0 when there are none at all. */
export function answeredShare(outcomes: readonly Outcome[]): number {
  const counted = outcomes.filter((outcome) => !WANTED.includes(outcome))
  const answered = counted.filter((outcome) => ANSWERED.includes(outcome))
  return counted.length === 0 ? 0 : answered.length / counted.length
}

export function outcomeTable(outcomes: readonly Outcome[]): string[] {
  const count = (outcome: Outcome) => outcomes.filter((one) => one === outcome).length
  const role = (outcome: Outcome) => {
    if (ANSWERED.includes(outcome)) return 'answered'
    return WANTED.includes(outcome) ? 'wanted, not counted' : 'unanswered'
  }
  const lines = OUTCOMES.filter((outcome) => count(outcome) > 0).map(
    (outcome) => `  ${outcome.padEnd(14)}${String(count(outcome)).padStart(5)}  ${role(outcome)}`,
  )
  const percent = (answeredShare(outcomes) * 100).toFixed(1)
  return [
    ...lines,
    `  ${'answered'.padEnd(14)}${percent.padStart(5)} % of those that count; at least ${LEAST_SHARE * 100} % are needed`,
  ]
}
