import type { Kysely } from 'kysely'
import { type Described, withDescriptions, withoutPassingReasons } from '../agent/attachments.ts'
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

/**
 * What was not looked at because a budget was used up, a vendor was away or the time was over is
 * looked at again by the next generation, whose journal is empty. Of the turn's own message and of
 * those that were merged into it.
 */
export async function forgetPassingReasons(trx: Kysely<Database>, turnId: string): Promise<void> {
  const memories = await trx
    .selectFrom('memories')
    .innerJoin('turns', 'turns.memory_id', 'memories.id')
    .select(['memories.id', 'memories.content'])
    .where(({ eb, or }) => or([eb('turns.id', '=', turnId), eb('turns.answered_by', '=', turnId)]))
    .orderBy('memories.id')
    .forUpdate('memories')
    .execute()
  for (const { id, content } of memories) {
    const unread = withoutPassingReasons(content as Content) // as `accept` wrote it
    if (unread === content) continue
    await trx
      .updateTable('memories')
      .set({ content: JSON.stringify(unread) })
      .where('id', '=', id)
      .execute()
  }
}
