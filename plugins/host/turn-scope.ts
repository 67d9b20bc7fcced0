import type { TurnContext, WorkContext } from '../../agent/context.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { ElizaCallback } from '../contract.ts'
import { currentScope, type MemberScope, type TurnScope } from '../scope.ts'

export interface StepPlace {
  readonly agentId: string
  readonly plugin: string
  readonly member: string
  readonly context: TurnContext | WorkContext
  readonly callback?: ElizaCallback
}

/** A member within a step of a turn. */
export function turnScopeOf({
  agentId,
  plugin,
  member,
  context,
  callback,
}: StepPlace): MemberScope {
  const step = stepOf(context)
  const { reads, counts } = sharedOf(context)
  const turn: TurnScope = {
    ...{ context, step, runId: context.turn.turnId, reads },
    written: writtenOf(context),
    next(kind) {
      const key = `${plugin}\n${member}\n${kind}`
      const ordinal = counts.get(key) ?? 0
      counts.set(key, ordinal + 1)
      return ordinal
    },
    ...(callback && { callback }),
  }
  return { agentId, plugin, member, turn, state: 'open' }
}

/** A member that no turn asked. Called by one that a turn did ask, it works in that one's step. */
export function bareScopeOf(place: Omit<StepPlace, 'context' | 'callback'>): MemberScope {
  const around = currentScope()
  const isInTurn = around?.state === 'open' && around.agentId === place.agentId && around.turn
  const { agentId, plugin, member } = place
  return { agentId, plugin, member, ...(isInTurn && { turn: isInTurn }), state: 'open' }
}

interface Shared {
  readonly reads: Map<string, Promise<unknown>>
  readonly counts: Map<string, number>
}

/** What one attempt of a step has for itself: loaded turns outlive it. */
export const attemptOf = ({ reads, memories }: TurnContext): object => reads ?? memories

/** Goes with the attempt. All of its members share it. */
const shared = new WeakMap<object, Shared>()

function sharedOf(context: TurnContext): Shared {
  const key = attemptOf(context)
  const found = shared.get(key) ?? { reads: context.reads ?? new Map(), counts: new Map() }
  shared.set(key, found)
  return found
}

export const stepOf = ({ step }: TurnContext): string => step ?? 'composeState'

const writtenOf = (context: TurnContext | WorkContext): readonly RecordWrite[] =>
  'written' in context ? context.written : []
