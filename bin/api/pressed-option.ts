import { randomUUID } from 'node:crypto'
import { ConflictError, InvalidRequestError, NotFoundError } from '../../agent/errors.ts'
import type { AcceptedMessage, NewMessage } from '../../api/deps.ts'
import { withRetry } from '../../database/failures.ts'
import { findChannel } from '../../memory/channels.ts'
import { findMessage } from '../../memory/messages.ts'
import { APPROVAL_OPTIONS, type ApprovalOption } from '../../schema/approval.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID, isUuid } from '../../schema/ids.ts'
import { json } from '../../schema/sql-json.ts'
import type { ApprovalRow } from '../../turns/answer-approval.ts'
import { findApproval, isAnswerable } from '../../turns/approvals.ts'
import { findTurn } from '../../turns/trace.ts'
import { giveAnswer } from './approvals.ts'
import type { ApiParts } from './parts.ts'
import { toStored } from './stored-message.ts'

interface Press {
  readonly id: string
  readonly decision: ApprovalOption
}

/**
 * A message whose `metadata.approval` names an approval and a decision is the press of a button. It
 * answers in its author's name, is stored with what the agent remembers, and begins no turn: whoever
 * waits for its answer gets that of the parked turn. Undefined for every other message.
 *
 * @throws {InvalidRequestError} it names none. @throws {NotFoundError} not in this channel. @throws {ConflictError} the author may not
 * answer it, or another answer stands.
 */
export async function pressOption(
  parts: Pick<ApiParts, 'db' | 'kick' | 'turnDeadlineMs'>,
  message: NewMessage,
): Promise<AcceptedMessage | undefined> {
  const press = pressIn(message)
  if (!press) return undefined
  const { db } = parts
  const approval = await findApproval(db, press.id)
  if (approval?.channel_id !== message.channelId) throw new NotFoundError('approval', press.id)
  const { agent_id: agentId, room_id: roomId, turn_id: turnId } = approval
  const entityId = createUniqueUuid(agentId, message.authorId)
  if (!(await isAnswerable(db, { id: press.id, roomId, entityId }))) {
    throw new ConflictError(
      `The approval '${press.id}' is for an owner or admin of the world to answer.`,
    )
  }
  await giveAnswer(parts, press.id, { decision: press.decision, by: entityId, via: 'message' })
  const stored = await withRetry(() => storePress(parts, message, approval, entityId))
  const turn = await findTurn(db, turnId)
  const turns = [{ turnId, agentId, state: turn?.state ?? 'cancelled' }]
  return { ...stored, turns }
}

function pressIn({ metadata: { approval } }: NewMessage): Press | undefined {
  if (approval === undefined || approval === null) return undefined
  if (typeof approval !== 'object' || Array.isArray(approval)) {
    throw malformed('it must be an object with `id` and `decision`')
  }
  const { id, decision } = approval
  const known = APPROVAL_OPTIONS.find((option) => option === decision)
  if (typeof id !== 'string' || !isUuid(id)) throw malformed('`id` must be the UUID of an approval')
  if (!known) throw malformed(`\`decision\` must be ${APPROVAL_OPTIONS.join(' or ')}`)
  return { id: id.toLowerCase(), decision: known }
}

/** Taken for an ordinary message it would begin a turn, and the question would go on waiting. */
const malformed = (reason: string) =>
  new InvalidRequestError(`Invalid metadata.approval: ${reason}.`, 'metadata.approval')

/** What was said with the press. Under a key of its own a repeat is stored once. */
function storePress(
  { db }: Pick<ApiParts, 'db'>,
  message: NewMessage,
  approval: ApprovalRow,
  entityId: string,
): Promise<Pick<AcceptedMessage, 'message' | 'isRepeat'>> {
  const { channelId, authorId, content, externalId = null } = message
  const id = randomUUID()
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto('messages')
      .values({
        ...{ id, content, channel_id: channelId, author_id: authorId, external_id: externalId },
        raw_message: json(message.rawMessage),
        in_reply_to: message.inReplyTo ?? approval.message_id,
        source_type: message.sourceType,
        metadata: json(message.metadata),
      })
      .onConflict((oc) => oc.doNothing())
      .returningAll()
      .executeTakeFirst()
    const known =
      row ??
      (externalId === null
        ? undefined
        : await findMessage(trx, { channelId, authorId, externalId }))
    if (row) {
      await trx
        .insertInto('memories')
        .values({
          id: createUniqueUuid(approval.agent_id, id),
          type: 'messages',
          ...{ agent_id: approval.agent_id, room_id: approval.room_id, entity_id: entityId },
          content: json({
            text: content,
            source: message.sourceType,
            inReplyTo: approval.message_id,
          }),
          metadata: json({ type: 'message' }),
          turn_id: approval.turn_id,
          step: 'answer',
        })
        .execute()
    }
    if (!known) throw new ConflictError('The message could not be stored. Send it again.')
    const channel = await findChannel(trx, channelId)
    const serverId = channel?.message_server_id ?? DEFAULT_MESSAGE_SERVER_ID
    return { message: toStored(known, serverId), isRepeat: !row }
  })
}
