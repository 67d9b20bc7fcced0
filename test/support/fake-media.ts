import { type FetchedMedia, MediaError, type MediaFetcher } from '../../agent/media.ts'

/** The first bytes of a picture that a vendor takes. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

export const picture = (): FetchedMedia => ({ data: PNG, mimeType: 'image/png' })
export const recording = (said = 'sound'): FetchedMedia => ({
  data: Buffer.from(said),
  mimeType: 'audio/ogg',
})
export const document = (text: string, mimeType = 'text/plain'): FetchedMedia => ({
  data: Buffer.from(text),
  mimeType,
})

export interface FakeMedia extends MediaFetcher {
  /** What was fetched, in order. */
  readonly fetched: readonly string[]
}

/** Servers by the address of what they hold; anything else answers 404. */
export function fakeMedia(held: Readonly<Record<string, FetchedMedia | Error>>): FakeMedia {
  const fetched: string[] = []
  return {
    fetched,
    async fetch(url, { maxBytes }) {
      fetched.push(url)
      const found = held[url] ?? new MediaError('its server answered 404')
      if (found instanceof Error) throw found
      if (found.data.length > maxBytes) throw new MediaError('it is too large')
      return found
    },
  }
}
