import { InvalidRequestError } from '../agent/errors.ts'
import type { PostMessageBody, Transport } from '../schema/api.ts'
import type { JsonObject } from '../schema/json.ts'
import { OVERLAP_EXPECTED, readOverlap } from '../schema/overlap.ts'
import type { Overlap } from '../schema/turn.ts'
import type { NewMessage } from './deps.ts'
import { readAttachments } from './posted-attachments.ts'

export interface PostedMessage {
  readonly message: NewMessage
  readonly transport: Transport
}

interface PostMessageHeaders {
  readonly 'idempotency-key'?: string
  readonly 'x-entity-id'?: string
}

/**
 * What a request to post a message means.
 *
 * @throws {InvalidRequestError} nobody is named as the author
 */
export function readPostedMessage(
  channelId: string,
  body: PostMessageBody,
  headers: PostMessageHeaders,
): PostedMessage {
  const authorId = body.author_id ?? headers['x-entity-id']
  if (authorId === undefined) {
    throw new InvalidRequestError(
      'Invalid author_id: is required (a UUID), unless the header X-Entity-Id names the author.',
      'author_id',
    )
  }
  const transport = transportOf(body)
  const attachments = readAttachments(body)
  if (body.content.trim() === '' && attachments.length === 0) {
    throw new InvalidRequestError('Invalid content: must not be empty.', 'content')
  }
  const metadata = {
    ...(body.metadata ?? {}),
    ...(attachments.length > 0 ? { attachments } : {}),
  } as JsonObject // It was parsed from a JSON body.
  const message: NewMessage = {
    channelId,
    authorId,
    content: body.content,
    messageServerId: body.message_server_id ?? body.server_id ?? undefined,
    sourceType: body.source_type ?? 'eliza_gui',
    externalId: headers['idempotency-key'] ?? body.messageId ?? body.source_id ?? undefined,
    inReplyTo: body.in_reply_to_message_id ?? undefined,
    rawMessage: (body.raw_message ?? {}) as JsonObject, // Likewise.
    metadata,
    overlap: body.overlap ?? overlapIn(metadata),
    authorName: body.author_display_name ?? nameIn(metadata),
    isDirect: transport !== 'websocket' || isDirect(metadata),
  }
  return { message, transport }
}

/** @throws {InvalidRequestError} */
function overlapIn({ overlap }: JsonObject): Overlap | undefined {
  if (overlap === undefined || overlap === null) return undefined
  const read = readOverlap(overlap)
  if (read) return read
  throw new InvalidRequestError(
    `Invalid metadata.overlap: must be ${OVERLAP_EXPECTED}.`,
    'metadata.overlap',
  )
}

function transportOf({ transport, mode }: PostMessageBody): Transport {
  if (transport) return transport
  if (mode === 'sync') return 'http'
  if (mode === 'stream') return 'sse'
  return mode ?? 'websocket'
}

const isDirect = ({ isDm, channelType, channel_type }: JsonObject): boolean =>
  isDm === true || channelType === 'DM' || channel_type === 'DM'

function nameIn({ user_display_name: name }: JsonObject): string | undefined {
  return typeof name === 'string' && name !== '' ? name : undefined
}
