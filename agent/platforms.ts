import type { Agent } from './agent.ts'
import type { WorkContext } from './context.ts'
import { ConflictError } from './errors.ts'
import type { Content } from './memory.ts'
import type { RoomRecord } from './records.ts'

/** Chat platforms that an agent's foreign plugins write to: rooms of theirs have no outbox of ours. */
export interface Platforms {
  /** A plugin writes there, or should: one of that name belongs to the character. */
  has(source: string): boolean
  /** Some plugin can: what goes there is not repeated. */
  readonly canSend: boolean
  /** One process alone holds a connection. */
  readonly needsGateway: boolean
  /** @throws nothing here writes there, or it failed: it may have been sent then */
  send(context: WorkContext, room: RoomRecord, content: Content): Promise<void>
}

/** The agent with its platforms: the actions of these names run where the connections are. */
export function withPlatforms(
  agent: Agent,
  platforms: Platforms | undefined,
  names: readonly string[] = ['SEND_MESSAGE'],
): Agent {
  if (!platforms) return agent
  const actions = platforms.needsGateway
    ? agent.actions.map((one) =>
        names.includes(one.name) ? { ...one, needsGateway: true as const } : one,
      )
    : agent.actions
  return { ...agent, platforms, actions }
}

/** Outside of the room's own turn nobody would carry it there. @throws {ConflictError} */
export function refuseUnsent(
  { platforms }: Pick<Agent, 'platforms'>,
  { id, source }: { readonly id: string; readonly source: string },
): void {
  if (!platforms?.has(source)) return
  throw new ConflictError(
    `What is said here would not reach the room '${id}': '${source}' belongs to a plugin. Use runtime.sendMessageToTarget.`,
  )
}
