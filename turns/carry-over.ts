import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'
import { NOTED_TOKEN } from './journal.ts'

/** What each generation does for itself; an answer that a cancellation cut off decided nothing either. */
const OF_ONE_GENERATION = ['admit', 'settle', 'park', 'deliver']

/**
 * Gives the next generation of a turn what its steps have found out: it passes through them and goes
 * on where the last one stopped, with the same decision. The decision keeps the generation that made
 * it (`gen`), for the keys of its actions. An action that had begun and has not finished is carried over as
 * begun by nobody: whoever claims it knows that it may have happened.
 *
 * Needs the room's lock, and that the claims of the old generation are void.
 *
 * @param isSaid the reply was said when the turn was parked: nobody says it again
 */
export async function carryOver(
  trx: Kysely<Database>,
  { turnId, gen }: TurnRef,
  { isSaid }: { isSaid: boolean },
): Promise<void> {
  const next = gen + 1
  await sql`
    insert into steps (turn_id, gen, step, attempt, token, state, result, error, started_at, finished_at)
    select turn_id, ${next}::int, step, case when state = 'done' then attempt else 0 end, token, state,
      case when step = 'decide' or step like 'decide:%' then result || ${decisionOf(gen, isSaid)} else result end,
      error, started_at, finished_at
    from steps
    where turn_id = ${turnId} and gen = ${gen} and step <> all (${OF_ONE_GENERATION}::text[])
      and step not like 'evaluate:%' and step not like 'approval:%'
      and (step like 'runAction:%' or coalesce(result ->> 'interrupted', '') <> 'true')
      and (state = 'done' or (step like 'runAction:%' and token <> ${NOTED_TOKEN}))
    on conflict do nothing`.execute(trx)
  await sql`
    insert into prompts (turn_id, gen, step, prompt, state)
    select turn_id, ${next}::int, step, prompt, state from prompts
    where turn_id = ${turnId} and gen = ${gen}
    on conflict do nothing`.execute(trx)
}

/** The stream of the next generation begins empty: readers must not wait for chunks of the old one. */
const decisionOf = (gen: number, isSaid: boolean) => sql`
  jsonb_build_object('gen', coalesce(result -> 'gen', to_jsonb(${gen}::int)), 'attempt', 0, 'chunks', 0)
  || case when ${isSaid}::boolean and result ->> 'reply' is not null
    then jsonb_build_object('reply', null, 'said', result -> 'reply') else '{}'::jsonb end`
