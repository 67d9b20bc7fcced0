import type { Kysely } from 'kysely'
import { type Described, withDescriptions } from '../agent/attachments.ts'
import type { Content } from '../agent/memory.ts'
import type { LoadedTurn } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'

/**
 * Keeps what was found out about attachments in the memories of the messages that they came with: the
 * turn's own, and those that were merged into it. Within the transaction of the step.
 */
export async function writeDescriptions(
  trx: Kysely<Database>,
  { message, mergedMemoryIds }: LoadedTurn,
  described: ReadonlyMap<string, Described>,
): Promise<void> {
  const memories = await trx
    .selectFrom('memories')
    .select(['id', 'content'])
    .where('id', 'in', [message.id, ...mergedMemoryIds])
    .orderBy('id')
    .forUpdate()
    .execute()
  for (const { id, content } of memories) {
    const known = withDescriptions(content as Content, described) // as `accept` wrote it
    await trx
      .updateTable('memories')
      .set({ content: JSON.stringify(known) })
      .where('id', '=', id)
      .execute()
  }
}
