import type { WorkModels } from '../../agent/context.ts'
import { MAX_BYTES, MediaError, type MediaFetcher } from '../../agent/media.ts'
import { pictureType, soundType } from '../../agent/media-type.ts'
import type { GenerateParams } from '../../agent/models.ts'
import { membersOf, textIn } from './text-params.ts'

export interface MediaRules {
  readonly media: MediaFetcher
  /** For the plugin that asks. @throws {PluginError} it may not. */
  mayFetch(url: URL): void
}

const LIMIT_MS = 15_000

type Recording = Parameters<WorkModels['transcribe']>[0]

/** Of ElizaOS's TRANSCRIPTION: bytes, a Blob, an address, or an object with one. @throws {MediaError} */
export async function recordingIn(params: unknown, rules: MediaRules): Promise<Recording> {
  const { audio, audioUrl, mimeType } = membersOf(params)
  const given = audio ?? params
  const bytes = await bytesIn(given)
  if (bytes) {
    const type = given instanceof Blob ? textIn(given.type) : undefined
    return { audio: bytes, mimeType: textIn(mimeType) ?? type ?? soundOf(bytes) }
  }
  const url = textIn(params) ?? textIn(audioUrl) ?? textIn(audio)
  if (url === undefined) throw new MediaError('it is neither bytes nor an address')
  const fetched = await fetchedFrom(url, MAX_BYTES.audio, rules)
  return { audio: fetched.data, mimeType: soundType(fetched, { url }) ?? soundOf(fetched.data) }
}

/** Of ElizaOS's IMAGE_DESCRIPTION: an address, or `{ imageUrl, prompt }`. @throws {MediaError} */
export async function pictureIn(
  params: unknown,
  rules: MediaRules,
): Promise<NonNullable<GenerateParams['images']>> {
  const { imageUrl, url } = membersOf(params)
  const given = textIn(params) ?? textIn(imageUrl) ?? textIn(url)
  if (given === undefined) throw new MediaError('it has no address')
  const { data } = await fetchedFrom(given, MAX_BYTES.image, rules)
  const mimeType = pictureType(data)
  if (mimeType === undefined) throw new MediaError('it is no PNG, JPEG, GIF or WebP picture')
  return [{ kind: 'bytes', data, mimeType }]
}

async function bytesIn(value: unknown): Promise<Uint8Array | undefined> {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return value instanceof Blob ? new Uint8Array(await value.arrayBuffer()) : undefined
}

function fetchedFrom(address: string, maxBytes: number, { media, mayFetch }: MediaRules) {
  if (URL.canParse(address) && !/^data:/i.test(address)) mayFetch(new URL(address))
  return media.fetch(address, { maxBytes, signal: AbortSignal.timeout(LIMIT_MS) })
}

const SOUNDS: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^RIFF/, 'audio/wav'],
  [/^OggS/, 'audio/ogg'],
  [/^fLaC/, 'audio/flac'],
  [/^ID3|^\xff[\xe0-\xff]/, 'audio/mpeg'],
  [/^....ftyp/s, 'audio/mp4'],
]

/** By its first bytes; recorders of browsers write WebM. */
function soundOf(audio: Uint8Array): string {
  const head = Buffer.from(audio.subarray(0, 12)).toString('latin1')
  return SOUNDS.find(([pattern]) => pattern.test(head))?.[1] ?? 'audio/webm'
}
