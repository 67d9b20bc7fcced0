import type { JsonObject } from '../schema/json.ts'
import type { LoadedTurn } from './ports.ts'

/** ElizaOS's events (elizaos.md 5.4) that belong to a turn. */
export const TURN_EVENTS = [
  'MESSAGE_RECEIVED',
  'RUN_STARTED',
  'ACTION_STARTED',
  'ACTION_COMPLETED',
  'EVALUATOR_STARTED',
  'EVALUATOR_COMPLETED',
  'MODEL_USED',
  'MESSAGE_SENT',
  'RUN_ENDED',
  'RUN_TIMEOUT',
] as const
export type TurnEventName = (typeof TURN_EVENTS)[number]

/** Tells the handlers of an agent's plugins. Nobody waits for them, and nothing they do fails the turn. */
export interface TurnEvents {
  /** @param payload what belongs to the event besides runtime, source, runId and the message */
  emit(turn: LoadedTurn, name: TurnEventName, payload?: JsonObject): void
}
