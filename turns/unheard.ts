import { type Kysely, sql } from 'kysely'
import { agentHopsJoins, agentHopsOfMessage } from '../memory/agent-hops.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'

/** `hashtext('turnkeeper.relay')`, written out: one process at a time passes words on. */
const RELAY_LOCK = 1_492_607_715

/** Messages per look. */
const LIMIT = 100

/** What an agent said, and who of its channel has not heard it yet. */
export interface UnheardMessage {
  readonly id: string
  readonly channelId: string
  readonly authorId: string
  readonly authorName: string
  readonly content: string
  /** ElizaOS's Content of it. */
  readonly said: JsonObject
  readonly sourceType: string
  readonly inReplyTo: string | null
  /** From 1. */
  readonly agentHops: number
  readonly listeners: readonly string[]
}

/**
 * What agents said within the last `withinMs`, and other active agents of the channel have no turn for,
 * oldest first. They hear it where the channel (in its metadata) or they (among their settings) say
 * `answerAgents: true`, and in a direct channel in which no person ever spoke. Undefined while another process looks.
 */
export function findUnheard(
  db: Kysely<Database>,
  withinMs: number,
): Promise<readonly UnheardMessage[] | undefined> {
  return db.transaction().execute(async (trx) => {
    const { rows: locks } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(${RELAY_LOCK}::bigint) as mine`.execute(trx)
    if (!locks[0]?.mine) return undefined
    const { rows } = await unheardStatement(withinMs).execute(trx)
    return rows
  })
}

const unheardStatement = (withinMs: number) => sql<UnheardMessage>`
  select m.id, m.channel_id as "channelId", m.author_id as "authorId", min(author.name) as "authorName", m.content,
    m.raw_message as said, m.source_type as "sourceType", m.in_reply_to as "inReplyTo",
    coalesce(min(${agentHopsOfMessage}), 1) as "agentHops", jsonb_agg(l.id order by p.position) as listeners
  from messages m
    join agents author on author.id = m.author_id
    join channels c on c.id = m.channel_id and c.fork_room_id is null
    join channel_participants p on p.channel_id = c.id and p.entity_id <> m.author_id
    join agents l on l.id = p.entity_id and l.status = 'active'
    ${agentHopsJoins}
  where m.turn_id is not null and m.created_at > clock_timestamp() - ${withinMs}::float8 * interval '1 millisecond'
    and not exists (select from turns t where t.message_id = m.id and t.agent_id = l.id)
    and (c.metadata -> 'answerAgents' = 'true'::jsonb
      or l.character -> 'settings' -> 'answerAgents' = 'true'::jsonb
      or c.type = 'DM' and not exists (select from messages s where s.channel_id = c.id
        and not exists (select from agents a where a.id = s.author_id)))
  group by m.id
  order by m.created_at limit ${LIMIT}`

/** Everybody who reads the message sees how many agents in a row have spoken. */
export async function noteHops(
  db: Kysely<Database>,
  { id, agentHops }: Pick<UnheardMessage, 'id' | 'agentHops'>,
): Promise<void> {
  await sql`
    update messages set metadata = metadata || jsonb_build_object('agentHops', ${agentHops}::int)
    where id = ${id}`.execute(db)
}
