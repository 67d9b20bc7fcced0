import { toFile } from 'openai'
import type {
  CallOptions,
  DrawRequest,
  DrawResult,
  ModelResult,
  SpeakRequest,
  SpeakResult,
  TranscribeRequest,
} from '../agent/models.ts'
import { collectText } from './answer-text.ts'
import { audioName } from './audio-name.ts'
import {
  type Connection,
  callOf,
  contentTypeOf,
  documentOf,
  wholeAnswer,
} from './openai-connection.ts'
import { NotAnAnswerError } from './openai-error.ts'
import { billOf, isRecord } from './openai-usage.ts'

/** `POST /images/generations`. */
export function draw(
  connection: Connection,
  { model, prompt, size, count = 1 }: DrawRequest,
  { signal }: CallOptions,
): Promise<DrawResult> {
  const call = callOf(connection, { model }, 'IMAGE')
  const { client, dialect } = connection
  const { sizeOf = (size) => ({ size }) } = dialect
  const body = { model, prompt, n: count, ...(size && sizeOf(size)) }
  return wholeAnswer(connection, { call, signal }, async (options) => {
    const document = await documentOf(client.images.generate(body, options))
    return { images: picturesIn(document), ...billOf(document.usage, dialect) }
  })
}

function picturesIn({
  data,
  output_format: format,
}: Readonly<Record<string, unknown>>): DrawResult['images'] {
  const type = `image/${typeof format === 'string' ? format : 'png'}`
  const images = (Array.isArray(data) ? data : []).filter(isRecord).flatMap((item) => {
    if (typeof item.b64_json === 'string') return [{ url: `data:${type};base64,${item.b64_json}` }]
    return typeof item.url === 'string' ? [{ url: item.url }] : []
  })
  if (images.length === 0) throw new NotAnAnswerError('a document without a picture')
  return images
}

/** `POST /audio/transcriptions`. */
export function transcribe(
  connection: Connection,
  { model, audio, mimeType, prompt }: TranscribeRequest,
  { signal }: CallOptions,
): Promise<ModelResult> {
  const call = callOf(connection, { model }, 'TRANSCRIPTION')
  return wholeAnswer(connection, { call, signal }, async (options) => {
    const file = await toFile(audio, audioName(mimeType), { type: mimeType })
    const body = { model, file, response_format: 'json' as const, ...(prompt && { prompt }) }
    const document = await documentOf(connection.client.audio.transcriptions.create(body, options))
    const { text } = document
    if (typeof text !== 'string') throw new NotAnAnswerError('a document without a text')
    return transcript(text, connection, document.usage)
  })
}

function transcript(words: string, { limits, dialect }: Connection, usage: unknown): ModelResult {
  const answer = collectText(limits.maxAnswerLength, () => undefined)
  answer.push(words)
  answer.end()
  const finishReason = answer.isCut() ? 'length' : 'stop'
  return { text: answer.text(), finishReason, ...billOf(usage, dialect) }
}

/** `POST /audio/speech`. The wire says nothing about its bill. */
export function speak(
  connection: Connection,
  { model, text, voice, speed }: SpeakRequest,
  { signal }: CallOptions,
): Promise<SpeakResult> {
  const call = callOf(connection, { model }, 'TEXT_TO_SPEECH')
  const { voice: ownVoice, format } = connection.dialect.speech ?? { voice: 'alloy', format: 'mp3' }
  const body = { model, input: text, voice: voice ?? ownVoice, response_format: format }
  return wholeAnswer(connection, { call, signal }, async (options) => {
    const response = await connection.client.audio.speech.create(
      { ...body, ...(speed !== undefined && { speed }) },
      options,
    )
    const audio = await audioIn(response)
    return { audio, mimeType: format === 'wav' ? 'audio/wav' : 'audio/mpeg', cost: null }
  })
}

async function audioIn(response: Response): Promise<Uint8Array> {
  const type = contentTypeOf(response)
  if (!/^(?:audio\/|application\/octet-stream|no content type)/.test(type)) {
    await response.body?.cancel()
    throw new NotAnAnswerError(type)
  }
  const audio = await response.bytes()
  if (audio.length === 0) throw new NotAnAnswerError('0 bytes of speech')
  return audio
}
