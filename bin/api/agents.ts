import { setTimeout as delay } from 'node:timers/promises'
import { NotFoundError } from '../../agent/errors.ts'
import type { AgentDetails, AgentSummary, AgentsPort } from '../../api/deps.ts'
import { withRetry } from '../../database/failures.ts'
import { deleteAgent, deletingAgents } from '../../memory/agents.ts'
import { setRoomOverlap } from '../../memory/rooms.ts'
import type { Character } from '../../schema/character.ts'
import { activeTurns } from '../../turns/trace.ts'
import type { AgentStore, StoredAgent } from '../agent-store.ts'
import { maskSecrets } from '../character-secrets.ts'
import type { AgentFollower } from '../follow-agents.ts'
import type { ApiParts } from './parts.ts'

/** How long a request to stop waits for services of plugins to end. They end nevertheless. */
const STOP_WAIT_MS = 5_000

/** How long a request to delete waits for running turns to end. */
const DELETE_WAIT_MS = 10_000
const DELETE_POLL_MS = 100

type DeletingParts = ApiParts & { readonly follower?: AgentFollower }

interface AgentParts extends ApiParts {
  readonly agents: AgentStore
  /** Starts and ends the plugins of this process. @default there are none */
  readonly follower?: AgentFollower
}

/** Agents, as the API shows and changes them. */
export function createAgentsPort(parts: AgentParts): AgentsPort {
  const { agents, follower } = parts
  return {
    list: async () => (await agents.list()).map((row) => summary(row, row.character as Character)),
    get: async (id) => details(await agents.stored(id)),
    create: async (character) => details(await agents.create(character)),
    update: async (id, patch) => details(await agents.patch(id, patch)),
    async setRoomOverlap(agentId, id, overlap) {
      const room = await setRoomOverlap(parts.db, { agentId, id }, overlap)
      if (!room) throw new NotFoundError('room of this agent', id)
      return { id, agentId, ...room, overlap }
    },
    async start(id) {
      if (!(await agents.setStatus(id, 'active'))) throw new NotFoundError('agent', id)
      void follower?.look() // its plugins may take their time; other processes look by themselves
      const { row, character } = await agents.stored(id)
      return summary(row, character)
    },
    async stop(id) {
      if (!(await agents.setStatus(id, 'inactive'))) throw new NotFoundError('agent', id)
      await Promise.race([follower?.look(), delay(STOP_WAIT_MS, undefined, { ref: false })])
    },
    async delete(id) {
      if (!(await agents.setStatus(id, 'deleting'))) throw new NotFoundError('agent', id)
      const removal = remove(parts, id)
      removal.catch((error: unknown) =>
        parts.log.error({ err: error, agentId: id }, 'Agent not deleted'),
      )
      return Promise.race([removal.then(() => true), delay(DELETE_WAIT_MS, false, { ref: false })])
    },
  }
}

/** Goes on with deletions that a dying process left behind. */
export async function resumeDeletions(parts: DeletingParts): Promise<void> {
  for (const id of await deletingAgents(parts.db)) await remove(parts, id)
}

/** Rows go when no turn needs them; a turn that does not end loses them after its own deadline. */
async function remove(parts: DeletingParts, id: string): Promise<void> {
  const giveUpAt = Date.now() + parts.turnDeadlineMs
  const cancelled = new Set<string>()
  for (;;) {
    const turns = await activeTurns(parts.db, id)
    if (turns.length === 0 || Date.now() > giveUpAt) break
    for (const turn of turns.filter(({ id: turnId }) => !cancelled.has(turnId))) {
      cancelled.add(turn.id)
      await parts.cancelTurn({ turnId: turn.id, roomId: turn.room_id })
    }
    await delay(DELETE_POLL_MS)
  }
  // What its services write as they end still has its rows.
  await parts.follower?.close(id)
  await withRetry(() => deleteAgent(parts.db, id))
}

function summary(
  row: Pick<StoredAgent['row'], 'id' | 'name' | 'status'>,
  { bio }: Character,
): AgentSummary {
  const status = row.status === 'active' ? 'active' : 'inactive'
  return { id: row.id, name: row.name, bio: (Array.isArray(bio) ? bio[0] : bio) ?? '', status }
}

const details = ({ row, character }: StoredAgent): AgentDetails => ({
  ...summary(row, character),
  character: maskSecrets(character),
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
})
