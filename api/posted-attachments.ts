import { InvalidRequestError } from '../agent/errors.ts'
import type { PostMessageBody } from '../schema/api.ts'
import { attachmentsBody } from '../schema/attachments.ts'
import { stringToUuid } from '../schema/ids.ts'
import type { JsonObject } from '../schema/json.ts'

/**
 * What comes with a message: in its body, or where clients of ElizaOS put it, in `metadata` or
 * `raw_message`. Every one has an id then. Empty when nothing came.
 *
 * @throws {InvalidRequestError}
 */
export function readAttachments(body: PostMessageBody): JsonObject[] {
  const { attachments, metadata, raw_message: raw } = body
  if (attachments && attachments.length > 0) return withIds(attachments)
  const [path, given] = isList(metadata?.attachments)
    ? ['metadata.attachments', metadata?.attachments]
    : ['raw_message.attachments', raw?.attachments]
  if (given === undefined || given === null) return []
  const read = attachmentsBody.safeParse(given)
  if (read.success) return withIds(read.data)
  const [issue] = read.error.issues
  const place = [path, ...(issue?.path ?? []).map(String)].join('.')
  throw new InvalidRequestError(
    `Invalid ${place}: ${issue?.message ?? 'is not understood'}.`,
    place,
  )
}

const isList = (given: unknown) => given !== undefined && given !== null

/** Derived, not drawn: a repeat of the message must be the same message. */
function withIds(given: NonNullable<PostMessageBody['attachments']>): JsonObject[] {
  return given.map(({ id, ...media }, index) => {
    const said = Object.entries(media).filter(([, value]) => value !== undefined && value !== null)
    const own = id ?? stringToUuid(`attachment:${index}:${media.url}`)
    return { id: own, ...Object.fromEntries(said) }
  })
}
