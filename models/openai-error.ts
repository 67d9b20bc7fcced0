import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { ModelError, type ModelErrorOptions } from '../agent/errors.ts'
import type { ModelRequest } from '../agent/models.ts'
import { storableText } from '../schema/text.ts'
import type { CheckedEndpoint } from './openai-endpoint.ts'
import { redactKeys } from './redact-keys.ts'
import { retryAfterMs } from './retry-after.ts'

/** What a message may name. */
export interface OpenaiCall {
  readonly endpoint: CheckedEndpoint
  readonly request: ModelRequest
}

/** The endpoint answered 200, but with a page or a document where a stream was asked for. */
export class NotAStreamError extends Error {
  override readonly name = 'NotAStreamError'
  readonly contentType: string

  constructor(contentType: string) {
    super(`Expected an event stream, got '${contentType}'.`)
    this.contentType = contentType
  }
}

/**
 * Any failure of a call, as the error that says whether another attempt could succeed.
 *
 * A stream that breaks off or contains no JSON counts as a failure on the way (retryable); an answer
 * of another type altogether is how the endpoint is set up, and would come again (not retryable).
 */
export function openaiError(error: unknown, call: OpenaiCall): ModelError {
  if (error instanceof NotAStreamError) return wrongAddress(call, 200, error.contentType)
  if (error instanceof APIConnectionError) return unreachable(error, call)
  if (error instanceof APIError) return refusal(error, call)
  return brokenOff(call, error)
}

/** The endpoint was silent for `silentMs`. */
export function stalledError({ endpoint }: OpenaiCall, silentMs: number): ModelError {
  return new ModelError(
    `'${endpoint.host}' sent nothing for ${Math.ceil(silentMs / 1000)} s. ` +
      'See whether the vendor has an outage, or whether the model is still loading.',
    { code: 'model_unavailable', retryable: true },
  )
}

/** The connection was there and ended before the answer did. */
export function brokenOff({ endpoint }: OpenaiCall, cause?: unknown): ModelError {
  return new ModelError(
    `'${endpoint.host}' broke off its answer${systemCode(cause)}. ` +
      'If it happens again, look at the vendor and at proxies on the way.',
    { code: 'model_unavailable', retryable: true, cause },
  )
}

function unreachable(error: APIConnectionError, { endpoint }: OpenaiCall): ModelError {
  const code = systemCode(error)
  // A certificate that is refused now is refused in a second, too.
  const isCertificate = /CERT|SELF_SIGNED|TLS/.test(code)
  return new ModelError(
    `'${endpoint.host}' cannot be reached${code}. ` +
      (isCertificate
        ? 'Its certificate is not trusted: name its authority in NODE_EXTRA_CA_CERTS.'
        : 'Check OPENAI_BASE_URL, and that the endpoint is up.'),
    {
      code: isCertificate ? 'model_rejected' : 'model_unavailable',
      retryable: !isCertificate,
      cause: error,
    },
  )
}

/** The outermost system code, as ` (ECONNREFUSED)`; nothing when there is none. */
function systemCode(error: unknown): string {
  for (let cause = error; isObject(cause); cause = cause.cause) {
    if (typeof cause.code === 'string') return ` (${cause.code})`
  }
  return error instanceof APIConnectionTimeoutError ? ' (timed out)' : ''
}

// Not `instanceof Error`: errors of the network may come from another realm than ours.
const isObject = (value: unknown): value is { readonly code?: unknown; readonly cause?: unknown } =>
  typeof value === 'object' && value !== null

/** The vendor said no: with a status, or with an error inside its stream. */
function refusal(error: APIError, call: OpenaiCall): ModelError {
  const status = error.status ?? statusInCode(error.code)
  if (isOutOfQuota(error, status)) return rejected(error, call, quotaAdvice(call))
  if (status === undefined) {
    return error.type === 'invalid_request_error'
      ? rejected(error, call, 'Check the character and its settings.')
      : unavailable(error, call)
  }
  if (status === 401 || status === 403) return rejected(error, call, keyAdvice(call))
  // 408, 409 and 425 ask for another try by their meaning.
  if ([408, 409, 425, 429].includes(status) || status >= 500) return unavailable(error, call)
  if (isPage(error)) return wrongAddress(call, status, 'text/html')
  return rejected(error, call, status === 404 ? modelAdvice(call) : requestAdvice(call))
}

/** Routers of models put the status of the vendor behind them into an error inside the stream. */
function statusInCode(code: unknown): number | undefined {
  const status = Number(code)
  return status >= 400 && status < 600 ? status : undefined
}

const isOutOfQuota = ({ code, type }: APIError, status: number | undefined): boolean =>
  status === 402 || [code, type].includes('insufficient_quota')

const quotaAdvice = ({ endpoint }: OpenaiCall) =>
  `The account behind OPENAI_API_KEY has no credit left at '${endpoint.host}': see its billing page.`

const keyAdvice = ({ endpoint }: OpenaiCall) =>
  endpoint.apiKey === undefined
    ? `Set OPENAI_API_KEY to a key of '${endpoint.host}'.`
    : `Check that OPENAI_API_KEY is a valid key of '${endpoint.host}' and may use this model.`

const modelSetting = ({ request }: OpenaiCall) =>
  request.purpose === 'TEXT_SMALL' ? 'OPENAI_SMALL_MODEL' : 'OPENAI_LARGE_MODEL'

const modelAdvice = (call: OpenaiCall) =>
  `Set ${modelSetting(call)} (OPENAI_SMALL_MODEL and OPENAI_LARGE_MODEL name the models) to one that ` +
  'the endpoint has, and check that OPENAI_BASE_URL ends in its version path, such as /v1.'

const requestAdvice = (call: OpenaiCall) =>
  `Check ${modelSetting(call)} and the character's settings.`

function unavailable(error: APIError, call: OpenaiCall): ModelError {
  return new ModelError(
    `'${call.endpoint.host}' could not answer${said(error, call)}. ` +
      'Another attempt may succeed; if not, see whether the vendor has an outage or a rate limit.',
    {
      ...statusOf(error),
      code: 'model_unavailable',
      retryable: true,
      retryAfterMs: retryAfterMs(error.headers),
    },
  )
}

function rejected(error: APIError, call: OpenaiCall, advice: string): ModelError {
  return new ModelError(
    `'${call.endpoint.host}' rejected the call of model '${call.request.model}'${said(error, call)}. ${advice}`,
    { ...statusOf(error), code: 'model_rejected', retryable: false },
  )
}

function wrongAddress({ endpoint }: OpenaiCall, status: number, contentType: string): ModelError {
  return new ModelError(
    `'${endpoint.host}' answered ${status} with '${contentType}' instead of a model's answer. ` +
      'Check that OPENAI_BASE_URL is the address of an API and ends in its version path, such as /v1.',
    { code: 'model_rejected', retryable: false, status },
  )
}

// No `cause`: the vendor client's error holds the body, vendors echo keys in it, and loggers print causes.
const statusOf = (error: APIError): Pick<ModelErrorOptions, 'status'> => ({
  status: error.status ?? statusInCode(error.code),
})

const isPage = (error: APIError): boolean =>
  /html/.test(error.headers?.get('content-type') ?? '') ||
  /^\d* *<(?:!doctype|html)/i.test(error.message)

/** The vendor's own words, in brackets: one line, at most 300 characters, no page, no key. */
function said(error: APIError, { endpoint }: OpenaiCall): string {
  if (isPage(error)) return ` (${error.status})`
  const line = redactKeys(storableText(error.message), endpoint.apiKey).replace(/\s+/g, ' ').trim()
  return ` (${line.length > 300 ? `${line.slice(0, 299)}…` : line})`
}
