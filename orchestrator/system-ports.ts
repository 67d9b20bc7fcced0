import type { AcceptedTurn } from '../api/deps.ts'
import { waitForEnding } from '../api/follow-turn.ts'
import type { TurnResult, TurnsPort } from '../api/turns-port.ts'
import { createAgentsPort } from '../bin/api/agents.ts'
import { createChannelsPort } from '../bin/api/channels.ts'
import { createMessagesPort } from '../bin/api/messages.ts'
import { createTurnsPort } from '../bin/api/turns.ts'
import { channelParticipants } from '../memory/channels.ts'
import type { HandlePorts } from './handle-message.ts'
import type { House } from './house.ts'
import { OrchestratorError } from './orchestrator-error.ts'
import type { PoolPorts } from './pools.ts'
import type { AgentInfo } from './roster.ts'

/** What the system does its work with: the API's own ports, without HTTP. */
export function systemPorts({ assembly, uiUrl }: Pick<House, 'assembly' | 'uiUrl'>) {
  return {
    agents: createAgentsPort(assembly),
    channels: createChannelsPort(assembly),
    messages: createMessagesPort(assembly),
    turns: createTurnsPort({ ...assembly, uiUrl }),
  }
}
export type SystemPorts = ReturnType<typeof systemPorts>

export const handlePorts = (
  ports: SystemPorts,
  { assembly: { db, stream } }: Pick<House, 'assembly'>,
  closing: AbortSignal,
): HandlePorts => ({
  ...{ messages: ports.messages, channels: ports.channels, turns: ports.turns },
  ...{ stream, closing },
  async channelOf(agentId, roomId) {
    const room = await db
      .selectFrom('rooms')
      .select('channel_id')
      .where('id', '=', roomId)
      .where('agent_id', '=', agentId)
      .executeTakeFirst()
    return room?.channel_id
  },
})

interface PoolActs {
  readonly all: () => readonly AgentInfo[]
  add: PoolPorts['add']
  retire: PoolPorts['retire']
}

export const poolPorts = (
  { channels }: Pick<SystemPorts, 'channels'>,
  { assembly: { db } }: Pick<House, 'assembly'>,
  { all, add, retire }: PoolActs,
): PoolPorts => ({
  ...{ add, retire },
  loads: () =>
    new Map(
      all().map(({ id, status, running, queued }) => [
        id,
        { isActive: status !== 'inactive', open: running + queued },
      ]),
    ),
  async homeOf(channelId, ids) {
    const participants = await channelParticipants(db, channelId)
    return participants.find((id) => ids.includes(id))
  },
  async move(channelId, from, to) {
    await channels.addAgent(channelId, to)
    await channels.removeAgent(channelId, from)
  },
  now: () => performance.now(),
})

/** How a turn ended. @throws {OrchestratorError} the system stopped before */
export async function endOf(
  { turns, stream }: { readonly turns: TurnsPort } & Pick<HandlePorts, 'stream'>,
  { turnId, known }: AcceptedTurn,
  signal: AbortSignal,
): Promise<TurnResult> {
  const result = await waitForEnding({ turns, stream }, turnId, { known, signal })
  if (result) return result
  const message = `The system stopped before the turn '${turnId}' ended. It goes on with the next start.`
  throw new OrchestratorError('stopped', message)
}
