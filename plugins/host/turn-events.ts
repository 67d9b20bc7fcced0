import type { LoadedTurn } from '../../agent/ports.ts'
import type { TurnEventName, TurnEvents } from '../../agent/turn-events.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { HostLog } from '../runtime-host.ts'
import { outsideScope } from '../scope.ts'
import type { Buffered } from './event-context.ts'
import { turnPayload } from './event-payloads.ts'
import type { AgentEvents } from './events.ts'

/** What is told of turns, for the agents of one process. */
export interface TurnEventHost {
  /** Undefined for agents without plugins. */
  events(agentId: string): AgentEvents | undefined
  /** What a handler of a turn's event works with. */
  workFor(turn: LoadedTurn, event: string): (handler: string) => Buffered
  readonly log: HostLog
  /** Events that are told at the same time. */
  readonly atOnce: number
  now(): number
}

export interface SettlingTurnEvents extends TurnEvents {
  /** Resolves when everything that was emitted has been told: for a shutdown, and for tests. */
  settled(): Promise<void>
}

/** More than any shutdown should wait for; a handler that hangs takes its time limit. */
const MAX_WAITING = 5_000
/** Turns whose start is remembered, for `duration`. */
const MAX_STARTED = 10_000

/** Events of one turn are told in their order; those of several turns side by side, within a bound. */
export function createTurnEvents(host: TurnEventHost): SettlingTurnEvents {
  const turns = new Map<string, Promise<void>>()
  const started = new Map<string, number>()
  const slots = createSlots(host.atOnce)

  const startOf = ({ turnId, message }: LoadedTurn, name: TurnEventName): number => {
    if (name === 'RUN_STARTED') started.set(turnId, host.now())
    const [oldest] = started.keys()
    if (started.size > MAX_STARTED && oldest !== undefined) started.delete(oldest)
    return started.get(turnId) ?? message.createdAt
  }

  const tell = async (turn: LoadedTurn, event: TurnEvent) => {
    const events = host.events(turn.agentId)
    if (!events) return
    const free = await slots.take()
    try {
      const step = `event:${event.name}${placeIn(event.payload)}`
      await events.emit(
        [event.name],
        (work) => turnPayload(turn, { ...event, work }),
        host.workFor(turn, step),
      )
    } finally {
      free()
    }
  }

  const queue = (turn: LoadedTurn, event: TurnEvent) => {
    const before = turns.get(turn.turnId) ?? Promise.resolve()
    const next = before
      .then(() => tell(turn, event))
      .catch((error: unknown) => {
        const fields = { agentId: turn.agentId, turnId: turn.turnId, error }
        host.log.warn(fields, `The event ${event.name} could not be told.`)
      })
      .finally(() => {
        if (turns.get(turn.turnId) === next) turns.delete(turn.turnId)
      })
    turns.set(turn.turnId, next)
  }

  return {
    emit(turn, name, payload = {}) {
      // A fork changes nothing outside of itself.
      if (turn.forkOf !== undefined) return
      const startTime = startOf(turn, name)
      if (name === 'RUN_ENDED' || name === 'RUN_TIMEOUT') started.delete(turn.turnId)
      if (!host.events(turn.agentId)?.has(name)) return
      if (turns.size >= MAX_WAITING) {
        const fields = { agentId: turn.agentId, turnId: turn.turnId, event: name }
        return host.log.warn(fields, `Too many events wait: handlers of ${name} are not told.`)
      }
      const event = { name, payload, startTime, now: host.now() }
      outsideScope(() => queue(turn, event))
    },
    async settled() {
      while (turns.size > 0) await Promise.all(turns.values())
    },
  }
}

export interface TurnEvent {
  readonly name: TurnEventName
  readonly payload: JsonObject
  /** Milliseconds since the epoch. */
  readonly startTime: number
  readonly now: number
}

/** Tells events of one name and turn apart: each action, each evaluator has its own. */
function placeIn({ ordinal, evaluatorName, callId }: JsonObject): string {
  const place = ordinal ?? evaluatorName ?? callId
  return place === undefined ? '' : `:${String(place)}`
}

function createSlots(count: number) {
  let free = count
  const waiting: (() => void)[] = []
  const give = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  return {
    async take(): Promise<() => void> {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return give
    },
  }
}
