import { randomUUID } from 'node:crypto'
import { createUniqueUuid, isUuid } from '../../schema/ids.ts'
import type { ElizaCallback, ElizaMemory, ElizaSendHandler } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { MessagingMembers } from '../runtime.ts'
import type { Access } from './access.ts'
import { elizaOSHandle } from './eliza-os.ts'
import { shouldRespondOf } from './message-rule.ts'
import type { MessageOptions, MessageResult, MessageService } from './message-shapes.ts'
import { placeOf } from './place.ts'
import { isTold } from './told-event.ts'

export function messagingMembers(access: Access): MessagingMembers {
  const { host, runtime, agentId, guard } = access
  return {
    messageService: messageService(access),
    elizaOS: elizaOSHandle(access),
    sendHandlers: new Map<string, ElizaSendHandler>(),
    hasElizaOS: () => runtime.elizaOS !== undefined,
    registerSendHandler: (source, handler) => void runtime.sendHandlers.set(source, handler),
    async sendMessageToTarget(given, content) {
      const target = { ...given } // as it is looked at here it is sent
      placeOf(agentId) // a turn that was cut off sends nothing any more
      if (!target.source) {
        const message = `A plugin sends a message to a target without a 'source'. Name the platform.`
        throw new PluginError('runtime', message)
      }
      const { roomId, channelId } = target
      // What names neither may end anywhere.
      guard?.room(roomId ?? (channelId ? createUniqueUuid(agentId, channelId) : '*'))
      await host.messages.send(target, content, runtime.sendHandlers.get(target.source))
    },
    async sendControlMessage({ roomId, action, target }) {
      const message = { type: 'control', payload: { action, target }, roomId }
      await runtime.emitEvent('CONTROL_MESSAGE', { message, source: 'agent' })
    },
    processMessage: (message, callback) => processMessage(access, message, callback),
  }
}

function messageService(access: Access): MessageService {
  const { host, runtime, agentId, guard } = access
  return {
    handleMessage: (_runtime, message, callback, options) =>
      handleMessage(access, message, { callback, options }),
    shouldRespond: shouldRespondOf(access),
    // A turn looks at its attachments itself, and keeps what it saw.
    processAttachments: async (_runtime, attachments) => [...(attachments ?? [])],
    async deleteMessage(_runtime, { id }) {
      placeOf(agentId)
      if (!id) return
      const [message] = await access.records().memoriesById([id]) // refused where it may not be seen
      await host.messages.delete(id)
      if (!message || isTold('MESSAGE_DELETED')) return
      await runtime.emitEvent('MESSAGE_DELETED', { message, source: 'messageService' })
    },
    async clearChannel(_runtime, roomId, channelId) {
      placeOf(agentId)
      guard?.room(roomId)
      guard?.table('messages')
      const where = { roomIds: [roomId], type: 'messages' }
      const memoryCount = await host.records.of(agentId).countMemories(where)
      await host.messages.clear(roomId, channelId)
      if (isTold('CHANNEL_CLEARED')) return
      const cleared = { roomId, channelId, memoryCount, source: 'messageService' }
      await runtime.emitEvent('CHANNEL_CLEARED', cleared)
    },
  }
}

interface Asked {
  readonly callback?: ElizaCallback | null
  readonly options?: MessageOptions
}

/** The message becomes a turn, which is waited for. */
export async function handleMessage(
  { host, runtime, agentId, guard }: Access,
  message: ElizaMemory,
  { callback, options = {} }: Asked,
): Promise<MessageResult> {
  guard?.room(message.roomId)
  refuseOwnRoom(agentId, message)
  const { onStreamChunk, abortSignal: signal } = options
  const id = message.id ?? randomUUID()
  const handled = await host.messages.handle({ ...message, id }, callback ?? undefined, {
    ...(signal && { signal }),
    ...(onStreamChunk && { onChunk: (text) => void onStreamChunk(text, id) }),
  })
  const { turnId, didRespond, responseContent, mode } = handled
  const responseMessages = [...handled.responseMessages]
  const state = runtime.stateCache.get(id) ?? { values: {}, data: {}, text: '' }
  return { turnId, didRespond, responseContent, responseMessages, mode, state }
}

/** Its turn would wait for the one that waits for it. */
function refuseOwnRoom(agentId: string, { roomId }: ElizaMemory): void {
  const place = placeOf(agentId)
  if (place.kind !== 'turn' || place.turn.context.room.id !== roomId) return
  const { plugin, member } = place.scope
  throw new PluginError(
    plugin,
    `The ${member} of '${plugin}' calls 'handleMessage' for the room '${roomId}', whose turn it runs in: that turn would wait for itself. Say it with the callback, or do not await it in the member.`,
  )
}

/** With names where ElizaOS has ids, as its older guides write it. */
async function processMessage(
  access: Access,
  { text, userId, ...message }: Partial<ElizaMemory> & { text?: string; userId?: string },
  callback?: ElizaCallback,
): Promise<MessageResult> {
  const { agentId, runtime } = access
  const idOf = (name: string) => (isUuid(name) ? name : createUniqueUuid(agentId, name))
  const person = message.entityId ?? userId ?? 'user'
  const place = message.roomId ?? person
  const [entityId, roomId] = [idOf(person), idOf(place)]
  if (!(await runtime.getRoom(roomId))) {
    await runtime.ensureConnection({
      ...{ entityId, roomId, userId: person, name: person, source: 'direct' },
      ...{ type: 'DM', channelId: place },
    })
  }
  const content = { ...(text !== undefined && { text }), source: 'direct', ...message.content }
  return handleMessage(access, { ...message, entityId, roomId, content }, { callback })
}
