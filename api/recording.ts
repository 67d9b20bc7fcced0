import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { except } from 'hono/combine'
import { AUDIO_TYPES, MAX_AUDIO_BYTES } from '../schema/audio-api.ts'
import type { Recording } from './audio-port.ts'
import { RefusedError } from './errors.ts'

/**
 * The recording in the field `file` of a form.
 * @throws {RefusedError} in the words of ElizaOS's codes.
 */
export async function readRecording(c: Context): Promise<Recording> {
  const { file } = await c.req.parseBody()
  if (!(file instanceof File)) {
    return refuse(
      'INVALID_REQUEST',
      "The form has no file. Send the recording as the field 'file'.",
    )
  }
  const mimeType = file.type.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!AUDIO_TYPES.includes(mimeType)) {
    const known = AUDIO_TYPES.join(', ')
    return refuse('INVALID_FILE_TYPE', `The type '${mimeType}' is no recording. Send ${known}.`)
  }
  if (file.size === 0) return refuse('INVALID_REQUEST', 'The recording is empty.')
  if (file.size > MAX_AUDIO_BYTES) throw tooLarge()
  return { audio: new Uint8Array(await file.arrayBuffer()), mimeType }
}

/** The only bodies that are no JSON: forms for the routes that take recordings. */
export const isRecording = (c: Context): boolean =>
  /^\/api\/audio\/[^/]+\/(?:transcriptions|audio-messages)\/?$/.test(c.req.path) &&
  /^multipart\/form-data\b/i.test(c.req.header('content-type') ?? '')

/** Of a form around the recording. */
const FORM_BYTES = 64 * 1024

export const limitRecording: MiddlewareHandler = except(
  (c) => !isRecording(c),
  bodyLimit({
    maxSize: MAX_AUDIO_BYTES + FORM_BYTES,
    onError: () => {
      throw tooLarge()
    },
  }),
)

const tooLarge = (): RefusedError =>
  new RefusedError(
    413,
    'FILE_TOO_LARGE',
    `The recording is larger than ${MAX_AUDIO_BYTES / 1024 ** 2} MiB. Send a shorter or a compressed one.`,
  )

function refuse(code: string, message: string): never {
  throw new RefusedError(400, code, message)
}
