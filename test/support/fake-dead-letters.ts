import { ConflictError, NotFoundError } from '../../agent/errors.ts'
import type {
  DeadLetter,
  DeadLetterAct,
  DeadLetterState,
  DeadLettersPort,
} from '../../api/dead-letters-port.ts'
import type { TurnTrace } from '../../api/turns-port.ts'

/** Dead letters of the fake's turns: those that failed or timed out, and what was done about them. */
export function fakeDeadLetters({ turns }: { turns: Map<string, TurnTrace> }): DeadLettersPort {
  const states = new Map<string, DeadLetterState>()
  const acts: (DeadLetterAct & { readonly turnId: string })[] = []
  const stateOf = ({ turnId, state }: TurnTrace): DeadLetterState | undefined =>
    state === 'failed' || state === 'timed_out'
      ? (states.get(turnId) ?? 'open')
      : states.get(turnId)
  const letterOf = (turnId: string): DeadLetter => {
    const turn = turns.get(turnId)
    const deadLetter = turn && stateOf(turn)
    if (!turn || !deadLetter) throw new NotFoundError('dead letter', turnId)
    const { gen, agentId, roomId, channelId, messageId, state, code, error, acceptedAt } = turn
    return {
      ...{ turnId, gen, agentId, roomId, channelId, messageId, state, code, error, acceptedAt },
      ...{ authorId: null, text: 'Hi', deadLetter, at: 1, hasUnknownEffect: false },
    }
  }
  const act = (
    turnId: string,
    verb: 'retry' | 'skip',
    done: { by: string; comment: string | null },
  ) => {
    const { gen, state, code, error, deadLetter } = letterOf(turnId)
    if (deadLetter === 'retried') throw new ConflictError(`The turn '${turnId}' is ${state}.`)
    acts.push({ turnId, act: verb, at: 2, ...done, gen, state, code, error, originalText: null })
    states.set(turnId, verb === 'retry' ? 'retried' : 'skipped')
    return letterOf(turnId)
  }
  return {
    async list({ limit, agentId, state }) {
      const known = [...turns.values()].filter((turn) => stateOf(turn) !== undefined)
      const all = known.map(({ turnId }) => letterOf(turnId)).toReversed()
      const asked = all.filter(
        (letter) =>
          (!agentId || letter.agentId === agentId) && (!state || letter.deadLetter === state),
      )
      const deadLetters = asked.slice(0, limit)
      const last = asked.length > limit ? deadLetters.at(-1) : undefined
      return { deadLetters, next: last ? `1000.${last.turnId}` : null }
    },
    get: async (turnId) => ({
      ...letterOf(turnId),
      acts: acts.filter((done) => done.turnId === turnId),
      message: { content: 'Hi', metadata: {} },
    }),
    async retry(turnId, { text: _text, ...done }) {
      act(turnId, 'retry', done)
      const turn = turns.get(turnId)
      if (turn) turns.set(turnId, { ...turn, state: 'queued', gen: turn.gen + 1 })
      return letterOf(turnId)
    },
    skip: async (turnId, done) => act(turnId, 'skip', done),
  }
}
