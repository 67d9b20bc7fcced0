import { type Media, typeInUrl } from './attachments.ts'
import type { FetchedMedia } from './media.ts'

/** Pictures that every vendor with eyes takes, by their first bytes. */
const PICTURES: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
]

const HEAD_BYTES = 16

/**
 * The type of a picture by its bytes, whatever its server says: vendors refuse a request over a wrong
 * one. Undefined when it is none of those that they take.
 */
export function pictureType(data: Uint8Array): string | undefined {
  const head = Buffer.from(data.subarray(0, HEAD_BYTES)).toString('latin1')
  return PICTURES.find(([, pattern]) => pattern.test(head))?.[0]
}

/** The type of a sound: its server's word, else its own, else its name's. Undefined when it is none. */
export function soundType({ mimeType }: FetchedMedia, media: Media): string | undefined {
  const candidates = [mimeType, media.contentType?.toLowerCase(), typeInUrl(media.url)]
  const isSound = (type = '') => /^audio\/[\w.+-]+$/.test(type)
  const found = candidates.find(isSound)
  if (found) return found
  // Recorders of browsers and phones use the containers of films.
  const container = /^(?:video|application)\/(ogg|webm|mp4)$/.exec(mimeType)
  return container ? `audio/${container[1]}` : undefined
}

/** The text of a document, or undefined when it is none. */
export function textOf({ data, mimeType, charset = 'utf-8' }: FetchedMedia): string | undefined {
  const isText = mimeType.startsWith('text/') || mimeType === 'application/octet-stream'
  if (!isText || data.includes(0)) return undefined
  try {
    return new TextDecoder(charset).decode(data)
  } catch {
    return new TextDecoder().decode(data) // a charset that nobody knows
  }
}
