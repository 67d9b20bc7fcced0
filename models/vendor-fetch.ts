import { boundedResponse } from './bounded-fetch.ts'
import type { VendorFailure } from './vendor-error.ts'
import type { Refusal } from './vendor-refusal.ts'

/** A request that failed, on its way through a vendor's client that would describe it in words of its own. */
export class FailedRequestError extends Error {
  override readonly name = 'FailedRequestError'
  readonly failure: VendorFailure

  constructor(failure: VendorFailure) {
    super(`The request failed: ${failure.kind}.`)
    this.failure = failure
  }
}

export interface FetchRules {
  /** The media type that an answer from this address must have. */
  mediaType(url: string): string
  /** Of one answer. */
  readonly maxBytes: number
  /** Reads the body of an error. */
  refusal(body: string): Refusal
  /** Changes the request before it is sent. */
  prepare?(init: RequestInit): RequestInit
}

/** In UTF-16 units. No vendor's error is longer; pages may be, and may be endless. */
const MAX_ERROR_LENGTH = 64_000

/**
 * The `fetch` of a vendor's client that lets nothing but an answer of the right type through to it:
 * clients lose headers, print bodies on the console, and take a web page for an answer.
 *
 * @throws {FailedRequestError}
 * @throws the signal's reason.
 */
export function vendorFetch(rules: FetchRules): typeof fetch {
  return async (input, given) => {
    // Not followed: only some headers with keys are left out when a redirect leads to another host.
    const init: RequestInit = { ...given, redirect: 'manual' }
    const response = await connect(input, rules.prepare?.(init) ?? init)
    if (!response.ok) throw new FailedRequestError(await refusalOf(response, rules))
    const url = input instanceof Request ? input.url : String(input)
    const contentType = response.headers.get('content-type')
    if (contentType === null || contentType.startsWith(rules.mediaType(url))) {
      return boundedResponse(response, rules.maxBytes, endless)
    }
    await response.body?.cancel()
    throw new FailedRequestError({ kind: 'not-an-answer', got: contentType })
  }
}

const endless = () =>
  new FailedRequestError({ kind: 'not-an-answer', got: 'an answer without end' })

async function connect(input: Parameters<typeof fetch>[0], init: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init)
  } catch (cause) {
    init.signal?.throwIfAborted()
    throw new FailedRequestError({ kind: 'unreachable', cause })
  }
}

async function refusalOf(response: Response, rules: FetchRules): Promise<VendorFailure> {
  const { status, headers } = response
  const body = await beginning(response)
  const message = body === '' ? `status ${status}` : body
  const refusal = body.startsWith('{') || body.startsWith('[') ? rules.refusal(body) : { message }
  return { kind: 'refusal', ...refusal, status, headers }
}

async function beginning({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of body ?? []) {
    text += decoder.decode(part, { stream: true })
    // Leaving the loop cancels the body.
    if (text.length > MAX_ERROR_LENGTH) break
  }
  return text.trim()
}
