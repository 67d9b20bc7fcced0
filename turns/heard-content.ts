import { type RawBuilder, sql } from 'kysely'

/**
 * What a turn heard, as columns, to stand beside `turns` as `t` with its memory left-joined as `m`. A plugin
 * may clear the memories of a room in which turns wait: their messages are still there, and are what they
 * answer. The messages are looked up only then.
 */
const heardMessage = (column: RawBuilder<unknown>) =>
  sql`(select ${column} from messages g where g.id = t.message_id)`

/** An array under the key, of the metadata as clients post it, else of the content as plugins bring it. */
const attachments = sql`case
  when jsonb_typeof(g.metadata -> 'attachments') = 'array' then g.metadata -> 'attachments'
  when jsonb_typeof(g.raw_message -> 'attachments') = 'array' then g.raw_message -> 'attachments' end`

/** As accept wrote it into the memory. */
const contentOfMessage = sql`jsonb_strip_nulls(jsonb_build_object('text', g.content, 'source', g.source_type,
  'channelType', (select case c.type when 'DM' then c.type end from channels c where c.id = g.channel_id),
  'inReplyTo', g.in_reply_to, 'attachments', ${attachments},
  'mentionContext', g.raw_message -> 'mentionContext',
  'agentHops', coalesce(g.metadata -> 'agentHops', g.raw_message -> 'agentHops')))`

/** ElizaOS's Content. */
export const heardContent: RawBuilder<unknown> = sql`
  coalesce(m.content, ${heardMessage(contentOfMessage)}, '{"text":""}'::jsonb)`

export const heardMetadata: RawBuilder<unknown> = sql`coalesce(m.metadata, '{"type":"message"}'::jsonb)`

export const heardAt: RawBuilder<unknown> = sql`
  coalesce(m.created_at, ${heardMessage(sql`g.created_at`)}, t.accepted_at)`
