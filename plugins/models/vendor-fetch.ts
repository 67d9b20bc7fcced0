import { PluginError } from '../plugin-error.ts'
import type { MemberScope } from '../scope.ts'
import { usageIn } from './usage-in.ts'
import {
  isPassing,
  lostError,
  refusedError,
  type VendorVisit,
  type VendorWords,
} from './vendor-visit.ts'
import { watchedBody } from './watched-body.ts'

/** Sends a request as the plugin may. */
export type Send = (
  scope: MemberScope,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
) => Promise<Response>

interface VendorRequest {
  readonly input: Parameters<typeof fetch>[0]
  readonly init: RequestInit | undefined
  readonly url: URL
}

/** Most of an answer in JSON that is read for its usage. Pictures are longer, and say it at their end. */
const MAX_JSON = 8 * 1024 * 1024
/** Of a stream's end: an error in it stands there. */
const STREAM_TAIL = 16 * 1024
const MAX_EXCERPT = 2_000

/**
 * Requests of a model handler to its vendor. A failure that clients would answer with another try is
 * thrown as an error of ours, which none of them knows, so the vendor is asked once; the same request
 * of the same call then fails at once.
 */
export function createVendorFetch(send: Send, words: VendorWords) {
  return async (
    scope: MemberScope,
    visit: VendorVisit,
    request: VendorRequest,
  ): Promise<Response> => {
    const key = keyOf(request)
    const before = visit.failed.get(key)
    if (before) throw before
    visit.failure = undefined
    const place = { plugin: scope.plugin, type: visit.type, host: request.url.host }
    const redact = (text: string) => words.redact(withoutKeys(text, request))
    const response = await sent(send, scope, visit, request).catch((error: unknown) => {
      visit.signal.throwIfAborted()
      if (error instanceof PluginError) throw error
      throw noted(visit, key, lostError(place, 'cannot be reached', error))
    })
    if (response.ok) {
      visit.hasAnswer = true
      return observed(response, visit, { place, redact })
    }
    const { status, headers } = response
    const { text, again } = await excerptOf(response)
    const excerpt = redact(text)
    const wait = words.retryAfterMs(headers)
    const error = refusedError({ ...place, status, excerpt, retryAfterMs: wait })
    if (!isPassing(status)) {
      visit.failure = error
      return again
    }
    again.body?.cancel().catch(() => undefined) // nobody reads it
    throw noted(visit, key, error)
  }
}

type Place = Parameters<typeof lostError>[0]

const keyOf = ({ input, init, url }: VendorRequest): string =>
  `${init?.method ?? (input instanceof Request ? input.method : 'GET')} ${url.origin}${url.pathname}`

function noted(visit: VendorVisit, key: string, error: ReturnType<typeof lostError>) {
  visit.failed.set(key, error)
  visit.failure = error
  return error
}

/** Aborted with the call, whatever the handler does. */
function sent(send: Send, scope: MemberScope, visit: VendorVisit, { input, init }: VendorRequest) {
  const own = init?.signal ?? (input instanceof Request ? input.signal : undefined)
  const signal = own ? AbortSignal.any([own, visit.signal]) : visit.signal
  return send(scope, input, { ...init, signal })
}

/** The beginning of a refusal's body; `again` is the answer with the body as it was. */
async function excerptOf(response: Response): Promise<{ text: string; again: Response }> {
  const again = response.clone()
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (reader && text.length < MAX_EXCERPT) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  reader?.cancel().catch(() => undefined) // what is left of it is for nobody
  return { text: text.slice(0, MAX_EXCERPT), again }
}

const KEY_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const

/** Vendors quote refused keys. */
function withoutKeys(text: string, { input, init }: VendorRequest): string {
  const headers = new Headers(
    init?.headers ?? (input instanceof Request ? input.headers : undefined),
  )
  const keys = KEY_HEADERS.flatMap((name) => headers.get(name)?.split(' ').at(-1) ?? [])
  return keys
    .filter((key) => key.length > 3)
    .reduce((rest, key) => rest.replaceAll(key, '[key]'), text)
}

function observed(
  response: Response,
  visit: VendorVisit,
  { place, redact }: { place: Place; redact: (text: string) => string },
): Response {
  const type = response.headers.get('content-type') ?? ''
  const isJson = /\bjson\b/.test(type)
  const isStream = type.startsWith('text/event-stream')
  return watchedBody(response, {
    maxBytes: Number.POSITIVE_INFINITY, // bounded already
    keep: isJson ? MAX_JSON : isStream ? STREAM_TAIL : 0,
    onEnd(tail, isWhole) {
      if (isJson && isWhole) noteUsage(tail, visit)
      if (isStream) noteStreamError(tail, visit, (text) => ({ place, text: redact(text) }))
    },
    onError(error) {
      visit.failure = lostError(place, 'broke off its answer', error)
    },
    endless: () => new Error('Unreachable: an infinite limit was passed.'),
  })
}

function noteUsage(body: Uint8Array, visit: VendorVisit): void {
  const usage = usageIn(parsed(Buffer.from(body).toString()))
  if (usage) visit.onUsage(usage)
}

/** Vendors that fail while they stream have said 200 already: an event says so. */
function noteStreamError(
  tail: Uint8Array,
  visit: VendorVisit,
  shown: (text: string) => { place: Place; text: string },
): void {
  const lines = Buffer.from(tail).toString().split('\n')
  const line = lines.findLast((each) => each.startsWith('data:') && isError(each.slice(5)))
  if (line === undefined) return
  const { place, text } = shown(line.slice(5, MAX_EXCERPT))
  visit.failure = refusedError({ ...place, excerpt: text })
}

function isError(data: string): boolean {
  const event = parsed(data)
  if (typeof event !== 'object' || event === null) return false
  const { type, error, response } = event as Record<string, unknown> // any members
  const { error: inner } = (response ?? {}) as { error?: unknown } // any members
  return type === 'error' || Boolean(error) || Boolean(inner)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
