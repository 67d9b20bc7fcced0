import type { StoredMessage } from '../../api/deps.ts'
import type { listMessages } from '../../memory/messages.ts'

type MessageRow = Awaited<ReturnType<typeof listMessages>>[number]

/** A message as the API shows it. */
export const toStored = (row: MessageRow, messageServerId: string): StoredMessage => ({
  id: row.id,
  channelId: row.channel_id,
  messageServerId,
  authorId: row.author_id,
  content: row.content,
  sourceType: row.source_type,
  sourceId: row.external_id,
  inReplyTo: row.in_reply_to,
  rawMessage: row.raw_message,
  metadata: row.metadata,
  turnId: row.turn_id,
  createdAt: row.created_at.getTime(),
})
