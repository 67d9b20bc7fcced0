import { type RawBuilder, sql } from 'kysely'

/** A whole number under `agentHops`; null for everything else that may stand there. */
const hopsIn = (column: RawBuilder<unknown>) =>
  sql`case when jsonb_typeof(${column} -> 'agentHops') = 'number' then (${column} ->> 'agentHops')::float8::int end`

/**
 * How many agents in a row have spoken when this message was said, as a column: as it is noted, else one
 * more than the message that its turn answered, also when a plugin has cleared the memory of that. `m` is the message; joins of `agentHopsJoins` belong to it.
 */
export const agentHopsOfMessage: RawBuilder<number | null> = sql<number | null>`
  coalesce(${hopsIn(sql`m.metadata`)},
    case when m.turn_id is not null then 1 + coalesce(${hopsIn(sql`heard.content`)},
      ${hopsIn(sql`asked.metadata`)}, ${hopsIn(sql`asked.raw_message`)}, 0) end)`

export const agentHopsJoins: RawBuilder<unknown> = sql`
  left join turns spoke on spoke.id = m.turn_id
  left join memories heard on heard.id = spoke.memory_id
  left join messages asked on asked.id = spoke.message_id and heard.id is null`
