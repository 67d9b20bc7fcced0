import type { Billed, CallOptions, DrawRequest, DrawResult } from '../agent/models.ts'
import { type Connection, callOf, documentOf, wholeAnswer } from './openai-connection.ts'
import { NotAnAnswerError } from './openai-error.ts'
import { billOf, isRecord, sumOf } from './openai-usage.ts'
import { amongSent } from './several-requests.ts'
import { type VendorCall, vendorError } from './vendor-error.ts'

interface Part extends Billed {
  readonly images: DrawResult['images']
}

/**
 * Pictures of models that draw in `chat/completions`, as OpenRouter has it. Such a model decides on the
 * number itself, which is mostly one.
 */
export async function drawInChat(
  connection: Connection,
  request: DrawRequest,
  { signal }: CallOptions,
): Promise<DrawResult> {
  const { count = 1 } = request
  const parts: Part[] = []
  while (parts.flatMap(({ images }) => images).length < count) {
    parts.push(await amongSent(parts.length > 0, drawOnce(connection, request, signal)))
  }
  return { images: parts.flatMap(({ images }) => images).slice(0, count), ...sumOf(parts) }
}

function drawOnce(
  connection: Connection,
  { model, prompt, size }: DrawRequest,
  signal: AbortSignal,
): Promise<Part> {
  const { client, dialect } = connection
  const call = callOf(connection, { model }, 'IMAGE')
  // There is no parameter for it.
  const content = size ? `${prompt}\n\nThe size of the picture: ${size} pixels.` : prompt
  const messages = [{ role: 'user', content }]
  const body = { model, messages, modalities: ['image', 'text'], ...dialect.extras }
  return wholeAnswer(connection, { call, signal }, async (options) => {
    const document = await documentOf(client.post('/chat/completions', { body, ...options }))
    return { images: picturesIn(document, call), ...billOf(document.usage, dialect) }
  })
}

function picturesIn(
  { choices }: Readonly<Record<string, unknown>>,
  call: VendorCall,
): DrawResult['images'] {
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  const { message, finish_reason: finish } = isRecord(choice) ? choice : {}
  const items = isRecord(message) && Array.isArray(message.images) ? message.images : []
  const images = items.filter(isRecord).flatMap(({ image_url: image }) => {
    const url = isRecord(image) ? image.url : undefined
    return typeof url === 'string' ? [{ url }] : []
  })
  if (images.length > 0) return images
  if (finish === 'content_filter') throw vendorError({ kind: 'blocked', reason: finish }, call)
  throw new NotAnAnswerError('a document without a picture')
}
