import type { Content } from '../../agent/memory.ts'
import type { Outbox } from '../../agent/outbox.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OutboxEntry, Rows } from './fake-rows.ts'

/** A message for a chat platform, not sent yet. */
export function outboxEntry(
  { turnId, agentId, room, channelId }: LoadedTurn,
  { id, source, content }: { id: string; source: string; content: Content },
): OutboxEntry {
  return {
    ...{ id, turnId, agentId, source, content, roomId: room.id, state: 'pending' },
    ...{ room: { externalId: channelId }, replyTo: undefined, maxLength: null, parts: {} },
  }
}

const isWaiting = ({ state }: OutboxEntry) => state === 'pending' || state === 'sending'

/** The rules of leases and states; it knows no pauses, and never gives up. */
export function fakeOutbox({ outbox, leases }: Rows): Outbox {
  const waiting = (rowId: string) => outbox.find((row) => row.id === rowId && isWaiting(row))
  const holds = (roomId: string, token: string) => leases.get(roomId) === token
  return {
    async lease(roomId, token) {
      if ((leases.get(roomId) ?? token) !== token) return false
      leases.set(roomId, token)
      return true
    },
    async release(roomId, token) {
      if (outbox.some(isWaiting)) return false
      return holds(roomId, token) && leases.delete(roomId)
    },
    leave: async (roomId, token) => void (holds(roomId, token) && leases.delete(roomId)),
    next: async () => outbox.find(isWaiting),
    async begin({ roomId, token, rowId, part }) {
      if (!holds(roomId, token)) return { kind: 'fenced' }
      const row = waiting(rowId)
      if (!row) return { kind: 'gone' }
      const known = row.parts[part] ?? { state: 'open', platformMessageId: null }
      row.parts = { ...row.parts, [part]: { ...known, unknownForMs: 0 } }
      row.state = 'sending'
      return { kind: 'begun' }
    },
    async shown({ roomId, token, rowId, part }, { platformMessageId, state, isLast }) {
      const row = waiting(rowId)
      if (!row || !holds(roomId, token)) return false
      row.parts = { ...row.parts, [part]: { state, platformMessageId, unknownForMs: null } }
      if (isLast) row.state = 'sent'
      return true
    },
    async postpone({ roomId, token, rowId, part }, { isUnshown }) {
      const row = waiting(rowId)
      if (!row || !holds(roomId, token)) return { kind: 'fenced' }
      if (isUnshown)
        row.parts = Object.fromEntries(Object.entries(row.parts).filter(([at]) => at !== `${part}`))
      return { kind: 'waiting', ms: 1 }
    },
    async fail({ roomId, token, rowId }, error) {
      const row = waiting(rowId)
      if (!row || !holds(roomId, token)) return false
      Object.assign(row, { state: 'failed', error })
      return true
    },
  }
}
