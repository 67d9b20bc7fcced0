import type { z } from '@hono/zod-openapi'
import type { message } from '../schema/api-answers.ts'
import type { JsonObject } from '../schema/json.ts'
import type { StoredMessage } from './deps.ts'

/** A message as the API shows it: ElizaOS's snake_case, and the camelCase its client reads. */
export function toWireMessage(stored: StoredMessage, authorName?: string): z.infer<typeof message> {
  const authorDisplayName = authorName ?? nameIn(stored.metadata)
  return {
    id: stored.id,
    content: stored.content,
    metadata: stored.metadata,
    turnId: stored.turnId,
    channel_id: stored.channelId,
    channelId: stored.channelId,
    message_server_id: stored.messageServerId,
    messageServerId: stored.messageServerId,
    author_id: stored.authorId,
    authorId: stored.authorId,
    author_display_name: authorDisplayName,
    authorDisplayName,
    // Messages are never edited, so both times are one.
    created_at: stored.createdAt,
    createdAt: stored.createdAt,
    updated_at: stored.createdAt,
    updatedAt: stored.createdAt,
    source_type: stored.sourceType,
    sourceType: stored.sourceType,
    source_id: stored.sourceId,
    sourceId: stored.sourceId,
    raw_message: stored.rawMessage,
    rawMessage: stored.rawMessage,
    in_reply_to_message_id: stored.inReplyTo,
    inReplyToMessageId: stored.inReplyTo,
  }
}

function nameIn(metadata: JsonObject): string | null {
  const name = metadata.user_display_name
  return typeof name === 'string' ? name : null
}
