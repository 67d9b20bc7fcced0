import { DomainError } from './errors.ts'

export interface FetchedMedia {
  readonly data: Uint8Array
  /** As its server says, without parameters: `image/png`. `application/octet-stream` when it does not. */
  readonly mimeType: string
  /** Of a text, as its server says. */
  readonly charset?: string
}

export interface FetchMedia {
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** Fetches what people send the addresses of: from public servers only, and never more than was asked for. */
export interface MediaFetcher {
  /**
   * @param url `https:`, `http:` or `data:`
   * @throws {MediaError} @throws the signal's reason.
   */
  fetch(url: string, options: FetchMedia): Promise<FetchedMedia>
}

/** It could not be had. The message completes "not looked at: …", and is shown to model and person. */
export class MediaError extends DomainError {
  readonly code = 'media_unavailable'
  override readonly name = 'MediaError'
  /** For the operator: what to do about it. */
  readonly hint: string | undefined

  constructor(message: string, { hint, cause }: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause })
    this.hint = hint
  }
}

const MB = 1024 * 1024

/** Most bytes of an attachment. Vendors take about as much. */
export const MAX_BYTES = { image: 20 * MB, audio: 25 * MB, text: MB } as const
