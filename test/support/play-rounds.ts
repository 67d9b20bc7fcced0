import type { JsonObject } from '../../schema/json.ts'
import type { TurnInput } from '../../schema/turn.ts'
import type { FakePorts } from './fake-ports.ts'
import { fakeStep } from './fake-step.ts'

/** What a turn came to, as its journal has it. */
export interface PlayedTurn {
  /** Results of the decisions, by round. */
  readonly decisions: readonly JsonObject[]
  /** Results of the actions, in their order. */
  readonly results: readonly JsonObject[]
  /** What the person reads as the reply; undefined when there is none. */
  readonly reply: JsonObject | undefined
  readonly state: string
}

/** More rounds than any turn may have. */
const MOST = 30

/** Goes through the rounds of an admitted turn as its Workflow does, without Temporal. */
export async function playRounds(ports: FakePorts, turn: TurnInput): Promise<PlayedTurn> {
  const run = fakeStep(ports).run
  const decisions: JsonObject[] = []
  const results: JsonObject[] = []
  let round = 1
  for (; round <= MOST; round += 1) {
    await run((steps) => steps.composeState(turn, round))
    const { actions, more } = await run((steps) => steps.decide(turn, round))
    const step = round === 1 ? 'decide' : `decide:${round}`
    decisions.push(ports.step(turn, step)?.result ?? {})
    for (const action of actions) {
      const ordinal = results.length
      await run((steps) => steps.runAction(turn, { ordinal, action }))
      results.push(ports.step(turn, `runAction:${ordinal}`)?.result ?? {})
    }
    if (!more) break
  }
  await run((steps) => steps.settle(turn, { kind: 'decided', round }))
  const { reply, state } = ports.turn(turn)
  return { decisions, results, reply: reply?.content as JsonObject | undefined, state }
}
