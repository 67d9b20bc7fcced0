import type { z } from 'zod'
import {
  agentList,
  type agentSummary,
  type message,
  messageList,
  postedMessage,
  serverStatus,
  turnList,
  turnTrace,
} from '../schema/api-answers.ts'
import type { ApprovalOption } from '../schema/approval.ts'
import { approval, approvalList } from '../schema/approval-api.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../schema/ids.ts'
import { isTerminal } from '../schema/turn.ts'
import { type Api, ApiRefusedError } from './api-client.ts'
import type { Approval } from './approval.ts'
import type { PendingMessage } from './chat-identity.ts'

export type ChatAgent = z.output<typeof agentSummary>
export type ChatMessage = z.output<typeof message>
export type ChatTrace = z.output<typeof turnTrace>

/** Newest turns that are looked through for unfinished ones. */
const RECENT_TURNS = 50

/** What a chat asks of the API. Throws as `Api` does. */
export interface ChatApi {
  status(signal: AbortSignal): Promise<z.output<typeof serverStatus>>
  agents(signal: AbortSignal): Promise<readonly ChatAgent[]>
  /** Oldest first; empty for a channel that nobody wrote in yet. */
  history(channelId: string, limit: number, signal: AbortSignal): Promise<readonly ChatMessage[]>
  /** Turns of the channel that have not ended, oldest first. */
  unfinished(agentId: string, channelId: string, signal: AbortSignal): Promise<readonly string[]>
  /** Safe to repeat: the key of the message makes it one turn. Resolves with the turn's id. */
  send(pending: PendingMessage, author: Author, signal: AbortSignal): Promise<string>
  cancel(turnId: string, signal: AbortSignal): Promise<void>
  trace(turnId: string, signal: AbortSignal): Promise<ChatTrace>
  /** What waits for approval in the channel, newest first. */
  waiting(agentId: string, channelId: string, signal: AbortSignal): Promise<readonly Approval[]>
  answer(id: string, answer: ChatAnswer, signal: AbortSignal): Promise<Approval>
}

export interface ChatAnswer {
  readonly decision: ApprovalOption
  /** The chat's entity. */
  readonly by: string
  readonly comment?: string
}

export interface Author {
  readonly entityId: string
  readonly channelId: string
}

export function createChatApi(api: Api): ChatApi {
  const get = (path: string, signal: AbortSignal) => api.request<unknown>(path, { signal })
  return {
    status: async (signal) => serverStatus.parse(await get('/api/server/status', signal)),
    agents: async (signal) => agentList.parse(await get('/api/agents', signal)).agents,
    async history(channelId, limit, signal) {
      const path = `/api/messaging/channels/${channelId}/messages?limit=${limit}`
      const newestFirst = await get(path, signal).catch(noneWhenUnknown)
      return messageList.parse(newestFirst).messages.toReversed()
    },
    async unfinished(agentId, channelId, signal) {
      const path = `/api/agents/${agentId}/turns?limit=${RECENT_TURNS}`
      const { turns } = turnList.parse(await get(path, signal))
      return turns
        .filter((turn) => turn.channelId === channelId && !isTerminal(turn.state))
        .map((turn) => turn.turnId)
        .toReversed()
    },
    async send(pending, author, signal) {
      const path = `/api/messaging/channels/${author.channelId}/messages`
      const headers = { 'idempotency-key': pending.key }
      const body = messageBody(pending, author)
      const answer = await api.request<unknown>(path, { method: 'POST', body, headers, signal })
      return postedMessage.pick({ turnId: true }).parse(answer).turnId
    },
    async cancel(turnId, signal) {
      await api.request(`/api/turns/${turnId}/cancel`, { method: 'POST', signal })
    },
    async waiting(agentId, channelId, signal) {
      const path = `/api/approvals?state=pending&agentId=${agentId}&channelId=${channelId}`
      return approvalList.parse(await get(path, signal)).approvals
    },
    async answer(id, answer, signal) {
      const request = { method: 'POST', body: { ...answer, via: 'chat' }, signal } as const
      return approval.parse(await api.request(`/api/approvals/${id}/answer`, request))
    },
    trace: async (turnId, signal) => turnTrace.parse(await get(`/api/turns/${turnId}`, signal)),
  }
}

/** The same for the same message, or the API would take its key for misused. */
function messageBody({ agentId, text }: PendingMessage, { entityId }: Author) {
  return {
    author_id: entityId,
    content: text,
    message_server_id: DEFAULT_MESSAGE_SERVER_ID,
    transport: 'websocket', // answers with the turn's id at once; the answer is read from its stream
    source_type: 'terminal',
    // The first message makes the channel: one for these two.
    metadata: { isDm: true, channelType: 'DM', targetUserId: agentId, targetAgentId: agentId },
  }
}

function noneWhenUnknown(error: unknown): z.input<typeof messageList> {
  if (error instanceof ApiRefusedError && error.status === 404) return { messages: [] }
  throw error
}
