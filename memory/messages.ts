import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'
import { withoutInlineMedia } from './inline-media.ts'

/**
 * A channel's messages, newest first, without the pictures inside them: a page of those is 100 MB.
 * `before` in milliseconds since the epoch.
 */
export function listMessages(
  db: Kysely<Database>,
  channelId: string,
  { limit, before }: { limit: number; before?: number },
) {
  let query = db
    .selectFrom('messages')
    .select(['id', 'channel_id', 'author_id', 'content', 'in_reply_to', 'source_type'])
    .select(['external_id', 'turn_id', 'created_at'])
    .select([
      withoutInlineMedia('raw_message').as('raw_message'),
      withoutInlineMedia('metadata').as('metadata'),
    ])
    .where('channel_id', '=', channelId)
    .orderBy('created_at', 'desc')
    .limit(limit)
  if (before !== undefined) query = query.where('created_at', '<', new Date(before))
  return query.execute()
}

/** The message that was accepted under an external id. */
export function findMessage(
  db: Kysely<Database>,
  key: { channelId: string; authorId: string; externalId: string },
) {
  return db
    .selectFrom('messages')
    .selectAll()
    .where('channel_id', '=', key.channelId)
    .where('author_id', '=', key.authorId)
    .where('external_id', '=', key.externalId)
    .executeTakeFirst()
}
