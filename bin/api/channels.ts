import { randomUUID } from 'node:crypto'
import { NotFoundError } from '../../agent/errors.ts'
import type { Channel, ChannelsPort } from '../../api/deps.ts'
import { findAgent } from '../../memory/agents.ts'
import {
  channelParticipants,
  ensureChannel,
  findChannel,
  removeParticipant,
  updateChannel,
} from '../../memory/channels.ts'
import type { ApiParts } from './parts.ts'

/** Channels: where people and agents meet. */
export function createChannelsPort({ db }: Pick<ApiParts, 'db'>): ChannelsPort {
  const get = async (id: string): Promise<Channel> => {
    const row = await findChannel(db, id)
    if (!row) throw new NotFoundError('channel', id)
    return {
      id: row.id,
      name: row.name,
      type: row.type,
      messageServerId: row.message_server_id,
      metadata: row.metadata,
      createdAt: row.created_at.getTime(),
      updatedAt: row.updated_at.getTime(),
    }
  }
  return {
    get,
    async create(channel) {
      const id = channel.id ?? randomUUID()
      await ensureChannel(db, { ...channel, id })
      return get(id)
    },
    async update(id, { name, metadata = {} }) {
      await updateChannel(db, id, { name, metadata })
      return get(id)
    },
    async participants(id) {
      await get(id)
      return channelParticipants(db, id)
    },
    async addAgent(channelId, agentId) {
      const channel = await get(channelId)
      const agent = await findAgent(db, agentId)
      if (!agent || agent.status === 'deleting') throw new NotFoundError('agent', agentId)
      await ensureChannel(db, { ...channel, participants: [agentId] })
    },
    async removeAgent(channelId, agentId) {
      await get(channelId)
      if (!(await removeParticipant(db, channelId, agentId))) {
        throw new NotFoundError('participant', agentId)
      }
    },
  }
}
