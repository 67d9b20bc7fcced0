import { ModelError, type ModelErrorOptions } from '../agent/errors.ts'
import type { ModelPurpose } from '../agent/models.ts'
import { storableText } from '../schema/text.ts'
import { keyOwner, redactKeys } from './redact-keys.ts'
import { retryAfterMs } from './retry-after.ts'
import type { VendorEndpoint } from './vendor-endpoint.ts'
import { isPage, type Refusal, type RefusalKind, refusalKind, statusOf } from './vendor-refusal.ts'

/** What a message may name. */
export interface VendorCall {
  readonly endpoint: VendorEndpoint
  readonly model: string
  readonly purpose: ModelPurpose
}

/** What went wrong, in words that no vendor's client shares with another. */
export type VendorFailure =
  /** It said no: with a status, or with an error inside its stream. */
  | ({
      readonly kind: 'refusal'
      /** It was not even asked: it, or its client, takes no such request. */
      readonly isUnsent?: true
    } & Refusal)
  /** A connection was not to be had. */
  | { readonly kind: 'unreachable'; readonly cause: unknown }
  /** It answered, but with a page or a document of another shape. @default status 200 */
  | { readonly kind: 'not-an-answer'; readonly got: string; readonly status?: number }
  /** The connection was there and ended before the answer did. */
  | { readonly kind: 'broken-off'; readonly cause?: unknown }
  | { readonly kind: 'stalled'; readonly silentMs: number }
  /** The vendor will not answer this prompt. `reason` in its words. */
  | { readonly kind: 'blocked'; readonly reason: string }

/**
 * Any failure of a call, as the error that says whether another attempt could succeed, and which
 * variable to look at if not.
 *
 * A stream that breaks off or contains no JSON counts as a failure on the way (retryable); an answer
 * of another type altogether is how the endpoint is set up, and would come again (not retryable).
 */
export function vendorError(failure: VendorFailure, call: VendorCall): ModelError {
  switch (failure.kind) {
    case 'refusal':
      return refused(failure, call)
    case 'unreachable':
      return unreachable(failure.cause, call)
    case 'not-an-answer':
      return wrongAddress(failure.got, failure.status ?? 200, call)
    case 'broken-off':
      return brokenOff(failure.cause, call)
    case 'stalled':
      return stalled(failure.silentMs, call)
    case 'blocked':
      return refused({ message: failure.reason, code: 'content_filter' }, call)
  }
}

const place = ({ endpoint }: VendorCall): string => `${endpoint.label} at '${endpoint.host}'`

function stalled(silentMs: number, call: VendorCall): ModelError {
  return new ModelError(
    `${place(call)} sent nothing for ${Math.ceil(silentMs / 1000)} s. ` +
      'See whether the vendor has an outage, or whether the model is still loading.',
    { code: 'model_unavailable', retryable: true },
  )
}

function brokenOff(cause: unknown, call: VendorCall): ModelError {
  return new ModelError(
    `${place(call)} broke off its answer${systemCode(cause)}. ` +
      'If it happens again, look at the vendor and at proxies on the way.',
    { code: 'model_unavailable', retryable: true, cause },
  )
}

/** Found out before a byte of the request was sent. Not so a reset or a time-out, even of connecting. */
const UNSENT =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$|^(?!ERR_SSL_).*(?:CERT|SELF_SIGNED|LEAF_SIGNATURE)/

function unreachable(cause: unknown, call: VendorCall): ModelError {
  const code = systemCode(cause)
  // A certificate that is refused now is refused in a second, too.
  const isCertificate = /CERT|SELF_SIGNED|LEAF_SIGNATURE|TLS/.test(code)
  return new ModelError(
    `${place(call)} cannot be reached${code}. ` +
      (isCertificate
        ? 'Its certificate is not trusted: name its authority in NODE_EXTRA_CA_CERTS.'
        : `Check ${call.endpoint.names.baseUrl}, and that the endpoint is up.`),
    {
      code: isCertificate ? 'model_rejected' : 'model_unavailable',
      retryable: !isCertificate,
      ...(isUnsent(cause) && { isUnsent: true }),
      cause,
    },
  )
}

function isUnsent(error: unknown): boolean {
  const { code = '', syscall } = systemError(error) ?? {}
  // A way that breaks down under a connection has the same codes.
  return UNSENT.test(code) && syscall !== 'read' && syscall !== 'write'
}

/** As ` (ECONNREFUSED)`; nothing when there is none. */
function systemCode(error: unknown): string {
  const found = systemError(error)
  return found ? ` (${found.code})` : ''
}

/** The outermost error with a code. */
function systemError(
  error: unknown,
): { readonly code: string; readonly syscall: unknown } | undefined {
  for (let cause = error; isObject(cause); cause = cause.cause) {
    if (typeof cause.code === 'string') return { code: cause.code, syscall: cause.syscall }
  }
  return undefined
}

// Not `instanceof Error`: errors of the network may come from another realm than ours.
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function wrongAddress(got: string, status: number, call: VendorCall): ModelError {
  return new ModelError(
    `${place(call)} answered ${status} with '${got}' instead of a model's answer. ` +
      `${addressAdvice(call)}.`,
    { code: 'model_rejected', retryable: false, status },
  )
}

const addressAdvice = ({ endpoint: { names, urlForm } }: VendorCall): string =>
  `Check that ${names.baseUrl} is the address of an API ${urlForm}`.trimEnd()

function refused(
  { isUnsent, ...refusal }: Refusal & { readonly isUnsent?: true },
  call: VendorCall,
): ModelError {
  const kind = refusalKind(refusal)
  if (kind === 'busy') return busy(refusal, call)
  if (kind === 'page') return wrongAddress('text/html', statusOf(refusal) ?? 200, call)
  return new ModelError(
    `${place(call)} rejected the call of model '${call.model}'${said(refusal, call)}. ${advice[kind](call)}`,
    {
      ...statusPart(refusal),
      ...(isUnsent && { isUnsent }),
      code: codes[kind],
      retryable: false,
    },
  )
}

function busy(refusal: Refusal, call: VendorCall): ModelError {
  return new ModelError(
    `${place(call)} could not answer${said(refusal, call)}. ` +
      'Another attempt may succeed; if not, see whether the vendor has an outage or a rate limit.',
    {
      ...statusPart(refusal),
      code: 'model_unavailable',
      retryable: true,
      retryAfterMs: refusal.retryAfterMs ?? retryAfterMs(refusal.headers),
    },
  )
}

type Rejection = Exclude<RefusalKind, 'busy' | 'page'>

const codes: Readonly<Record<Rejection, ModelErrorOptions['code']>> = {
  quota: 'model_rejected',
  'too-long': 'prompt_too_long',
  blocked: 'model_refused',
  key: 'model_rejected',
  model: 'model_rejected',
  request: 'model_rejected',
}

const advice: Readonly<Record<Rejection, (call: VendorCall) => string>> = {
  quota: ({ endpoint: { names, host } }) =>
    `The account behind ${names.apiKey} has no credit left at '${host}': see its billing page.`,
  'too-long': ({ endpoint, purpose }) =>
    `The prompt is longer than the model reads: shorten the conversation or the character, or set ${endpoint.names.model(purpose)} to a model with a larger context.`,
  blocked: ({ endpoint, purpose }) =>
    `Its content filter stopped the prompt: say it in other words, or set ${endpoint.names.model(purpose)} to another model.`,
  key: keyAdvice,
  model: (call) =>
    `Set ${call.endpoint.names.model(call.purpose)} to a model that the endpoint has. ${addressAdvice(call)}.`,
  request: ({ endpoint, purpose }) =>
    `Check ${endpoint.names.model(purpose)} and the character's settings.`,
}

function keyAdvice({ endpoint: { label, host, apiKey, names } }: VendorCall): string {
  if (apiKey === undefined) return `Set ${names.apiKey} to a key of '${host}'.`
  const owner = keyOwner(apiKey)
  const doubt =
    owner === undefined || owner === label
      ? ''
      : ` The one that is set looks like a key of ${owner}.`
  return `Check that ${names.apiKey} is a valid key of '${host}' and may use this model.${doubt}`
}

// No `cause`: the vendor client's error holds the body, vendors echo keys in it, and loggers print causes.
const statusPart = (refusal: Refusal): Pick<ModelErrorOptions, 'status'> => ({
  status: statusOf(refusal),
})

/** The vendor's own words, in brackets: one line, at most 300 characters, no page, no key. */
function said(refusal: Refusal, { endpoint }: VendorCall): string {
  if (isPage(refusal)) return ` (${statusOf(refusal) ?? 'a web page'})`
  const line = redactKeys(storableText(refusal.message), endpoint.apiKey)
    .replace(/\s+/g, ' ')
    .trim()
  if (line === '') return ''
  return ` (${line.length > 300 ? `${line.slice(0, 299)}…` : line})`
}
