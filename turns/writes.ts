import { type Kysely, sql } from 'kysely'
import type { NewRelationship } from '../agent/memory.ts'
import type { LoadedTurn, StepWrites } from '../agent/ports.ts'
import type { RecordWrite } from '../agent/records.ts'
import { applyRecords } from '../memory/records/apply.ts'
import {
  insertMemory,
  insertSaidMessage,
  type SaidMessage,
  type WrittenBy,
} from '../memory/said-message.ts'
import type { Database } from '../schema/database.ts'
import { stringToUuid } from '../schema/ids.ts'

/** Whose writes they are, and where its messages go besides the database. */
export interface WriteTarget {
  readonly turn: LoadedTurn
  readonly step: string
  /** The room's connector; null for our own clients. */
  readonly outboxSource: string | null
}

/** Writes under ids made of turn, generation, step and ordinal, so that a second run writes the same rows. */
export async function writeStep(
  trx: Kysely<Database>,
  target: WriteTarget,
  writes: StepWrites,
): Promise<void> {
  const { turn } = target
  for (const [ordinal, content] of writes.messages.entries()) {
    const id = idOf(target, 'message', ordinal)
    const memoryId = idOf(target, 'message-memory', ordinal)
    await writeMessage(trx, target, { id, memoryId, content, ordinal })
  }
  for (const [ordinal, memory] of writes.memories.entries()) {
    const id = idOf(target, 'memory', ordinal)
    await insertMemory(trx, placeOf(turn), { ...memory, id, ordinal }, writtenBy(target))
  }
  for (const relationship of writes.relationships) {
    await writeRelationship(trx, target, relationship)
  }
  const records = (writes.records ?? []).filter((write) => !turn.forkOf || isOfRoom(write, turn))
  await applyRecords(trx, turn.agentId, records, writtenBy(target))
}

/** A fork changes nothing outside of its shadow room. */
const isOfRoom = (write: RecordWrite, { room }: LoadedTurn): boolean =>
  write.kind === 'memory.create' && write.memory.roomId === room.id

const writtenBy = ({ turn, step }: WriteTarget): WrittenBy => ({ turnId: turn.turnId, step })

const idOf = ({ turn, step }: WriteTarget, kind: string, ordinal: number) =>
  stringToUuid(`${turn.turnId}:${turn.gen}:${step}:${kind}:${ordinal}`)

/** One message with the agent's memory of it, and its row in the outbox where a platform shows it. */
export async function writeMessage(
  trx: Kysely<Database>,
  target: WriteTarget,
  message: Omit<SaidMessage, 'inReplyTo'>,
): Promise<void> {
  const { turn, outboxSource } = target
  const said = { ...message, inReplyTo: turn.messageId }
  await insertSaidMessage(trx, { ...placeOf(turn), outboxSource }, said, writtenBy(target))
}

const placeOf = ({ agentId, room, channelId }: LoadedTurn) => ({
  ...{ agentId, channelId, roomId: room.id, worldId: room.worldId },
})

/** One row per pair; tags are added to those that stand there. */
async function writeRelationship(
  trx: Kysely<Database>,
  { turn, step }: WriteTarget,
  relationship: NewRelationship,
): Promise<void> {
  const { sourceEntityId, targetEntityId } = relationship
  await sql`
    insert into relationships (id, agent_id, source_entity_id, target_entity_id, tags, metadata, turn_id, step)
    values (${stringToUuid(`${turn.agentId}:${sourceEntityId}:${targetEntityId}`)}, ${turn.agentId},
      ${sourceEntityId}, ${targetEntityId}, ${[...relationship.tags]},
      ${JSON.stringify(relationship.metadata ?? {})}::jsonb, ${turn.turnId}, ${step})
    on conflict (agent_id, source_entity_id, target_entity_id) do update
      set tags = array(select distinct unnest(relationships.tags || excluded.tags) order by 1)`.execute(
    trx,
  )
}

/** For the operator: an action of the turn may have happened or not. */
export async function noteUnknownEffect(
  trx: Kysely<Database>,
  { turnId }: LoadedTurn,
): Promise<void> {
  await trx
    .updateTable('turns')
    .set({ has_unknown_effect: true })
    .where('id', '=', turnId)
    .execute()
}

/** How far the evaluator has looked. A later turn's note stands. */
export async function noteEvaluator(
  trx: Kysely<Database>,
  turn: LoadedTurn,
  evaluator: string,
): Promise<void> {
  await sql`
    insert into evaluator_runs (room_id, evaluator, last_seq) values (${turn.room.id}, ${evaluator}, ${turn.seq})
    on conflict (room_id, evaluator) do update
      set last_seq = greatest(evaluator_runs.last_seq, excluded.last_seq)`.execute(trx)
}
