import type { Json, JsonObject } from '../schema/json.ts'
import type { Content } from './memory.ts'

/** ElizaOS's Media: something that came with a message. Further keys are kept. */
export interface Media {
  readonly id?: string
  /** `https:`, `http:` or `data:`. */
  readonly url: string
  readonly title?: string
  readonly source?: string
  /** What is to be seen or heard, or why that is not known. */
  readonly description?: string
  /** What is written in it, or said. */
  readonly text?: string
  /** ElizaOS's `image`, `video`, `audio`, `document`, `link`, or a media type such as `image/png`. */
  readonly contentType?: string
}

/** What looking at an attachment has found. */
export type Described = Pick<Media, 'title' | 'description' | 'text'> & {
  /** It was not looked at for a reason that passes: an operator's retry looks again. */
  readonly unread?: string
}

/** `text`: can be read as it is; `other`: nothing that we look at. */
export type MediaKind = 'image' | 'audio' | 'text' | 'other'

/** What came with a message. Platforms and plugins write what they like: what has no url is none. */
export const attachmentsOf = (content: Content): readonly Media[] =>
  listed(content).filter(isMedia).map(toMedia)

/** Something in it was not looked at yet. */
export const needsAttention = (content: Content): boolean => attachmentsOf(content).some(isUnread)

/** It was not looked at, and can be. */
export const isUnread = (media: Media): boolean =>
  kindOf(media) !== 'other' && isBlank(media.description) && isUnheard(media)

/** Pictures are for the eye: their `text` alone does not tell what is to be seen. */
const isUnheard = (media: Media) => kindOf(media) === 'image' || isBlank(media.text)

const isBlank = (text: string | undefined) => text === undefined || text.trim() === ''

/**
 * Names an attachment among those of its message, and of messages that were merged with it: ids that
 * clients chose may occur in both. The same address under the same id is the same thing.
 */
export const mediaKey = ({ id = '', url }: Media): string => `${id} ${url}`

/**
 * The content with what was found out about its attachments, by `mediaKey`. What was known about one
 * before stays.
 */
export function withDescriptions(content: Content, found: ReadonlyMap<string, Described>): Content {
  if (!needsAttention(content)) return content
  const attachments = listed(content).map((item) => {
    const media = isMedia(item) ? toMedia(item) : undefined
    if (!media || !isUnread(media)) return item
    return { ...(item as JsonObject), ...known(found.get(mediaKey(media))) } // it is media
  })
  return { ...content, attachments }
}

const known = ({ title, description, text, unread }: Described = {}): JsonObject => ({
  ...(title === undefined ? {} : { title }),
  ...(description === undefined ? {} : { description }),
  ...(text === undefined ? {} : { text }),
  ...(unread === undefined ? {} : { unread }),
})

/** The content as if nobody had tried to look at what could not be looked at then. */
export function withoutPassingReasons(content: Content): Content {
  const isMarked = (item: Json) => isMedia(item) && typeof item.unread === 'string'
  if (!listed(content).some(isMarked)) return content
  const attachments = listed(content).map((item) => {
    if (!isMarked(item)) return item
    const { unread: _, description: __, ...rest } = item as JsonObject // it is media
    return rest
  })
  return { ...content, attachments }
}

/** By its content type, else by its `data:` URL or by the ending of its name. */
export function kindOf({ contentType = '', url }: Media): MediaKind {
  const type = contentType.toLowerCase()
  if (type === 'document' || type === '') return kindOfType(typeInUrl(url)) ?? 'other'
  return kindOfType(type) ?? 'other'
}

/** ElizaOS's word, or the type before the slash. */
function kindOfType(type: string | undefined): MediaKind | undefined {
  const [kind] = type?.split(/[/;]/) ?? []
  return kind === 'image' || kind === 'audio' || kind === 'text' ? kind : undefined
}

const ENDINGS: Readonly<Record<string, string>> = {
  ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif' },
  ...{ webp: 'image/webp', mp3: 'audio/mpeg', m4a: 'audio/mp4', wav: 'audio/wav' },
  ...{ ogg: 'audio/ogg', oga: 'audio/ogg', opus: 'audio/ogg', flac: 'audio/flac' },
  ...{ txt: 'text/plain', md: 'text/markdown', csv: 'text/csv', log: 'text/plain' },
}

/** The media type that a URL promises: that of a `data:` URL, or by the ending of its path. */
export function typeInUrl(url: string): string | undefined {
  // Not parsed as a URL: that would copy megabytes of a picture.
  const inline = /^data:([\w.+-]+\/[\w.+-]+)/i.exec(url.slice(0, 100))
  if (inline) return inline[1]?.toLowerCase()
  if (url.startsWith('data:') || !URL.canParse(url)) return undefined
  const ending = /\.(\w{1,5})$/.exec(new URL(url).pathname)
  return ENDINGS[ending?.[1]?.toLowerCase() ?? '']
}

const listed = ({ attachments }: Content): readonly Json[] =>
  Array.isArray(attachments) ? attachments : []

const isMedia = (item: Json): item is JsonObject & { url: string } =>
  item !== null &&
  typeof item === 'object' &&
  !Array.isArray(item) &&
  typeof item.url === 'string' &&
  item.url !== ''

function toMedia(item: JsonObject & { url: string }): Media {
  const { url, id, title, source, description, text, contentType } = item
  const named = { id, title, source, description, text, contentType }
  const texts = Object.entries(named).filter(([, value]) => typeof value === 'string')
  return { url, ...Object.fromEntries(texts) }
}
