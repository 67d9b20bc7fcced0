/** What a vendor said when it said no. */
export interface Refusal {
  /** Of the answer; absent for an error inside a stream. */
  readonly status?: number
  /** The vendor's own names for it: `insufficient_quota`, `RESOURCE_EXHAUSTED`. */
  readonly code?: unknown
  readonly type?: unknown
  readonly message: string
  readonly headers?: Headers
  /** The wait that the vendor asks for where it does not say so in a header. */
  readonly retryAfterMs?: number
}

/**
 * What has to happen before another attempt can succeed: `quota` money, `too-long` a shorter prompt,
 * `blocked` another content, `key` another key, `busy` only time, `page` another address, `model` another
 * model or address, `request` another request.
 */
export type RefusalKind =
  | 'quota'
  | 'too-long'
  | 'blocked'
  | 'key'
  | 'busy'
  | 'page'
  | 'model'
  | 'request'

const QUOTA = {
  names: /^(?:insufficient_quota|billing_\w+|insufficient_credits)$/,
  // Anthropic says so with 400, xAI with 403 and 429.
  words: /credit balance is too low|used all available credits|monthly spending limit/i,
}
const TOO_LONG = {
  names:
    /^(?:context_length_exceeded|string_above_max_length|request_too_large|exceed_context_size_error)$/,
  // OpenAI and its copies, Anthropic, Google, xAI, Groq, OpenRouter, llama.cpp, in this order.
  words:
    /maximum context length|prompt is too long|exceed context limit|input token count|maximum prompt length|reduce the length|request too large for|available context size|input is too long/i,
}
const BLOCKED = {
  names:
    /^(?:content_filter|content_policy_violation|moderation_blocked|responsibleaipolicyviolation)$/i,
  words:
    /content (?:management|filtering) policy|flagged by (?:our )?moderation|flagged as potentially violating|input was flagged|violates (?:our )?usage (?:guidelines|policies)|rejected by (?:the|our) safety system/i,
}
/** The model itself wrote what the vendor could not read: it may write better the next time. */
const BAD_LUCK = { names: /^(?:tool_use_failed|json_validate_failed)$/, words: /^$/ }
const KEY = {
  names:
    /^(?:invalid_api_key|authentication_error|permission_error|api_key_invalid|unauthenticated)$/i,
  // Google and xAI answer 400 to a wrong key.
  words:
    /(?:incorrect|invalid|missing) api[ _-]?key|api[ _-]?key (?:is )?(?:not valid|invalid|expired)/i,
}
const MODEL = {
  names: /^(?:model_not_found|model_decommissioned|not_found_error|invalid_model)$/,
  words: /is not a valid model|model[^.]{0,100}(?:not found|does not exist|not supported)/i,
}

export function refusalKind(refusal: Refusal): RefusalKind {
  const status = statusOf(refusal)
  if (status === 402 || matches(refusal, QUOTA)) return 'quota'
  if (isAboutRequest(status) && matches(refusal, TOO_LONG)) return 'too-long'
  if (isAboutRequest(status) && matches(refusal, BLOCKED)) return 'blocked'
  if (matches(refusal, BAD_LUCK)) return 'busy'
  if (status === 401 || status === 403) return 'key'
  if (status === undefined) return kindInStream(refusal)
  // 408, 409 and 425 ask for another try by their meaning.
  if ([408, 409, 425, 429].includes(status) || status >= 500) return 'busy'
  if (isPage(refusal)) return 'page'
  if (matches(refusal, KEY)) return 'key'
  return status === 404 || matches(refusal, MODEL) ? 'model' : 'request'
}

/** Routers of models put the status of the vendor behind them into an error inside the stream. */
export function statusOf({ status, code }: Refusal): number | undefined {
  const inside = Number(code)
  return status ?? (inside >= 400 && inside < 600 ? inside : undefined)
}

export const isPage = ({ headers, message }: Refusal): boolean =>
  /html/.test(headers?.get('content-type') ?? '') || /^\d* *<(?:!doctype|html)/i.test(message)

// Outages may use any words; a limit of tokens per minute that one request alone exceeds comes as 429.
const isAboutRequest = (status: number | undefined): boolean =>
  status === undefined || status === 429 || (status >= 400 && status < 500)

function kindInStream(refusal: Refusal): RefusalKind {
  if (matches(refusal, KEY)) return 'key'
  if (matches(refusal, MODEL)) return 'model'
  return /^invalid_(?:request_error|argument|prompt)$/i.test(String(refusal.type ?? refusal.code))
    ? 'request'
    : 'busy'
}

const matches = (
  { code, type, message }: Refusal,
  { names, words }: { readonly names: RegExp; readonly words: RegExp },
): boolean =>
  [code, type].some((name) => typeof name === 'string' && names.test(name)) || words.test(message)
