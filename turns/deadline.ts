import { type RawBuilder, sql } from 'kysely'
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS } from '../schema/turn-deadline.ts'

/**
 * When a turn that enters the queue now must have ended: the agent's own `settings.turnDeadlineMs`,
 * else `defaultMs`. For accept, a retry and an answered approval; goes with
 * `deadline_from = clock_timestamp()`. By the database's clock, which is the only one that all share.
 */
export const freshDeadline = (agentId: RawBuilder<unknown>, defaultMs: number) => sql`
  clock_timestamp() + interval '1 millisecond' * coalesce((
    select case when jsonb_typeof(a.character->'settings'->'turnDeadlineMs') = 'number'
      then least(greatest((a.character->'settings'->>'turnDeadlineMs')::float8, ${MIN_DEADLINE_MS}), ${MAX_DEADLINE_MS}) end
    from agents a where a.id = ${agentId}), ${defaultMs}::float8)`
