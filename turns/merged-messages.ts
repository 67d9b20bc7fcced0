import { type Kysely, sql } from 'kysely'
import type { Content } from '../agent/memory.ts'
import type { LoadedTurn } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { Json, JsonObject } from '../schema/json.ts'
import { heardAt, heardContent, heardMetadata } from './heard-content.ts'

interface MergedRow {
  id: string
  content: JsonObject
  metadata: JsonObject
  created_at: Date
  merged_round: number
}

/**
 * The turn with everything that it answers in a round: the newest message is the one to answer, and
 * has the text of all of them, a line each. Later rounds answer only what steered them.
 */
export async function withMerged(
  db: Kysely<Database>,
  turn: LoadedTurn,
  round: number,
): Promise<LoadedTurn> {
  const { rows } = await sql<MergedRow>`
    select t.memory_id as id, ${heardContent} as content, ${heardMetadata} as metadata,
      ${heardAt} as created_at, t.merged_round
    from turns t left join memories m on m.id = t.memory_id
    where t.answered_by = ${turn.turnId} and t.state = 'merged'
    order by t.seq`.execute(db)
  const rounds = Math.max(1, ...rows.map((row) => row.merged_round))
  // A turn that goes on by itself answers what it answered in its last round.
  const heard = rows.map((row) => row.merged_round).filter((one) => one <= round)
  const asOf = Math.max(1, ...heard)
  const mine = rows.filter((row) => row.merged_round === asOf)
  const newest = mine.at(-1)
  if (!newest) return { ...turn, rounds }
  const own = asOf === 1 ? [turn.message] : []
  const parts = [...own, ...mine]
  const message = {
    ...turn.message,
    id: newest.id,
    content: joined(parts.map((part) => part.content as Content)), // as accept wrote it
    metadata: newest.metadata,
    createdAt: newest.created_at.getTime(),
  }
  return { ...turn, rounds, message, mergedMemoryIds: parts.map((part) => part.id) }
}

/** One message with the text of all, a line each, and with what came with any of them. */
export function joined(contents: readonly Content[]): Content {
  const attachments = contents.flatMap((content): Json[] =>
    Array.isArray(content.attachments) ? content.attachments : [],
  )
  return {
    ...contents.at(-1),
    text: contents.map((content) => content.text ?? '').join('\n'),
    ...(attachments.length > 0 ? { attachments } : {}),
  }
}
