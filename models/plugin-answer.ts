import type {
  FinishReason,
  ModelPurpose,
  ModelResult,
  ModelUsage,
  SpeakResult,
} from '../agent/models.ts'
import { collectText } from './answer-text.ts'
import { checkedUsage } from './checked-usage.ts'
import type { Listening } from './plugin-watch.ts'
import { piecesUntilAborted, untilAborted } from './until-aborted.ts'
import { WrongShapeError } from './wrong-shape.ts'

/** Of one answer, in UTF-16 units and in bytes. */
const MAX_TEXT = 1_000_000
const MAX_BYTES = 50_000_000

/**
 * A text, an object, a description or a stream, as ElizaOS's handlers return them.
 *
 * @throws {WrongShapeError} it is none of them, or says nothing.
 * @throws whatever the stream failed with.
 */
export async function readText(
  answer: unknown,
  purpose: ModelPurpose,
  listening: Listening,
): Promise<ModelResult> {
  const stream = streamOf(answer)
  if (stream) return readStream(stream, listening)
  const text = purpose === 'IMAGE_DESCRIPTION' ? descriptionOf(answer) : textOf(answer, purpose)
  if (!text) throw new WrongShapeError('a text, an object or a stream')
  const collected = collectText(MAX_TEXT, listening.onText)
  collected.push(text)
  collected.end()
  return { text: collected.text(), finishReason: 'stop', cost: null }
}

function textOf(answer: unknown, purpose: ModelPurpose): string | undefined {
  if (typeof answer === 'string') return answer
  if (typeof answer !== 'object' || answer === null || !purpose.startsWith('OBJECT_')) return
  return JSON.stringify(answer)
}

/** `{ title, description }`, written as a vendor's model would write it. */
function descriptionOf(answer: unknown): string | undefined {
  if (typeof answer === 'string') return answer
  if (typeof answer !== 'object' || answer === null) return undefined
  const members = new Map<string, unknown>(Object.entries(answer))
  const [title, description] = ['title', 'description'].map((name) => {
    const value = members.get(name)
    return typeof value === 'string' ? value.replaceAll(/[<>]/g, ' ').trim() : ''
  })
  if (!description) return undefined
  return `<response><title>${title}</title><description>${description}</description></response>`
}

/**
 * The same answer. A stream that fails rejects all of its promises, and nobody may be listening, the less
 * so when the call was given up before the handler returned: that would end the process.
 */
export function withHeardPromises(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  const { text, usage, finishReason } = answer as Record<string, unknown> // any members
  for (const part of [text, usage, finishReason]) Promise.resolve(part).catch(() => undefined)
  return answer
}

/** ElizaOS's TextStreamResult, as far as it is there. */
interface TextStream {
  readonly textStream: AsyncIterable<unknown>
  readonly finishReason: Promise<unknown>
  readonly usage: Promise<unknown>
}

function streamOf(answer: unknown): TextStream | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const { textStream, text, usage, finishReason } = answer as Record<string, unknown> // any members
  if (!isIterable(textStream)) return undefined
  const parts = [text, usage, finishReason].map((part) => Promise.resolve(part))
  const [, used = Promise.resolve(undefined), reason = Promise.resolve(undefined)] = parts
  return { textStream, usage: used, finishReason: reason }
}

async function readStream(
  { textStream, finishReason, usage }: TextStream,
  { onText, signal, heard }: Listening,
): Promise<ModelResult> {
  const collected = collectText(MAX_TEXT, onText)
  for await (const piece of piecesUntilAborted(textStream, signal)) {
    heard()
    if (typeof piece === 'string') collected.push(piece)
    if (collected.isCut()) break
  }
  signal.throwIfAborted()
  collected.end()
  // A failed stream ends as if it were complete: only here it says that it failed.
  const reason = collected.isCut()
    ? 'length'
    : finishReasonOf(await untilAborted(finishReason, signal))
  const text = collected.text()
  if (text === '') throw new WrongShapeError('a stream with text in it')
  const used = usageOf(await untilAborted(usage, signal).catch(() => undefined))
  return { text, finishReason: reason, ...(used && { usage: used }), cost: null }
}

function finishReasonOf(reason: unknown): FinishReason {
  if (reason === 'stop' || reason === 'length' || reason === 'content-filter') return reason
  return reason === 'tool-calls' ? reason : 'unknown'
}

/** The AI SDK's names, old and new. */
function usageOf(usage: unknown): ModelUsage | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined
  const members = new Map<string, unknown>(Object.entries(usage))
  return checkedUsage({
    inputTokens: members.get('inputTokens') ?? members.get('promptTokens'),
    outputTokens: members.get('outputTokens') ?? members.get('completionTokens'),
    cachedTokens: members.get('cachedInputTokens') || undefined,
  })
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** Undefined: not a vector. */
export function readVector(answer: unknown): readonly number[] | undefined {
  const isVector =
    Array.isArray(answer) &&
    answer.length > 0 &&
    answer.every((value) => typeof value === 'number' && Number.isFinite(value))
  return isVector ? answer : undefined
}

/** Undefined: no pictures. */
export function readImages(answer: unknown): readonly { readonly url: string }[] | undefined {
  if (!Array.isArray(answer) || answer.length === 0) return undefined
  const urls = answer.flatMap((image: unknown) => {
    const url = typeof image === 'string' ? image : (image as { url?: unknown } | null)?.url
    return typeof url === 'string' && /^(?:https:|data:image\/)/.test(url) ? [{ url }] : []
  })
  return urls.length === answer.length ? urls : undefined
}

/** Bytes, or a stream of them. Undefined: neither. */
export async function readSound(
  answer: unknown,
  listening: Listening,
): Promise<Pick<SpeakResult, 'audio' | 'mimeType'> | undefined> {
  const audio = await bytesOf(answer, listening)
  return audio?.length ? { audio, mimeType: soundType(audio) } : undefined
}

async function bytesOf(
  answer: unknown,
  { signal, heard }: Listening,
): Promise<Uint8Array | undefined> {
  if (answer instanceof Uint8Array) return answer
  if (answer instanceof ArrayBuffer) return new Uint8Array(answer)
  if (!isIterable(answer)) return undefined
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of piecesUntilAborted(answer, signal)) {
    heard()
    if (!(piece instanceof Uint8Array)) return undefined
    length += piece.length
    if (length > MAX_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** By its first bytes; handlers do not say. */
function soundType(audio: Uint8Array): string {
  const head = Buffer.from(audio.subarray(0, 4)).toString('latin1')
  if (head === 'RIFF') return 'audio/wav'
  if (head === 'OggS') return 'audio/ogg'
  return head === 'fLaC' ? 'audio/flac' : 'audio/mpeg'
}
