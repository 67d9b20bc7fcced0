import { ModelError } from '../../agent/errors.ts'
import type { ModelUsage } from '../../agent/models.ts'
import type { MemberScope } from '../scope.ts'

/** What a plugin's model handler asks of its vendor during one call, as the fetch interposer sees it. */
export interface VendorVisit {
  readonly type: string
  /** Aborts its requests: handlers hear of no signal. */
  readonly signal: AbortSignal
  onUsage(usage: ModelUsage): void
  /** Requests that failed, by method and address: they are not sent again, whoever retries. */
  readonly failed: Map<string, ModelError>
  /** How its newest request ended; undefined when that went well. A failed stream says no more itself. */
  failure: ModelError | undefined
  /** One of its requests was answered, so that what the handler returns may come from there. */
  hasAnswer: boolean
}

const visits = new WeakMap<MemberScope, VendorVisit>()

export const visitOf = (scope: MemberScope): VendorVisit | undefined => visits.get(scope)

export function beginVisit(
  scope: MemberScope,
  of: Pick<VendorVisit, 'type' | 'signal' | 'onUsage'>,
): VendorVisit {
  const failed = new Map<string, ModelError>()
  const visit = { ...of, failed, failure: undefined, hasAnswer: false }
  visits.set(scope, visit)
  return visit
}

/** Functions of `models/`, which knows what vendors say. */
export interface VendorWords {
  /** Without anything that looks like a key. */
  redact(text: string): string
  retryAfterMs(headers: Headers): number | undefined
}

export interface Refused {
  readonly plugin: string
  readonly type: string
  readonly host: string
  /** Undefined: it had begun to answer, and said so within its stream. */
  readonly status?: number
  /** Of the body, without keys. */
  readonly excerpt: string
  readonly retryAfterMs?: number | undefined
}

/** Vendors' clients send these again by themselves; here the router and Temporal decide. */
export const isPassing = (status: number): boolean =>
  status >= 500 || status === 408 || status === 409 || status === 429

/** The vendor behind a plugin's model said no. */
export function refusedError({ plugin, type, host, status, excerpt, retryAfterMs }: Refused) {
  const words = excerpt.replace(/\s+/g, ' ').trim().slice(0, 300)
  const retryable = status === undefined || isPassing(status)
  const isTooLong = /context.?length|maximum context|too many tokens|prompt is too long/i.test(
    words,
  )
  return new ModelError(
    `The plugin '${plugin}' asked '${host}' for ${type} and got ${status ?? 'an error'}${words && ` (${words})`}. ` +
      (retryable
        ? 'Another attempt may succeed; if not, see whether the vendor has an outage or a rate limit.'
        : 'Check the key and the model in the settings of the plugin.'),
    {
      code: retryable ? 'model_unavailable' : isTooLong ? 'prompt_too_long' : 'model_rejected',
      retryable,
      ...(status !== undefined && { status }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  )
}

/** Found out before a byte of the request was sent. */
const UNSENT = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/

/** There was no answer, or not all of it. */
export function lostError(
  { plugin, type, host }: Pick<Refused, 'plugin' | 'type' | 'host'>,
  what: 'cannot be reached' | 'broke off its answer',
  cause: unknown,
): ModelError {
  const code = codeOf(cause)
  return new ModelError(
    `'${host}', which the plugin '${plugin}' asks for ${type}, ${what}${code && ` (${code})`}. ` +
      'If it happens again, check the address in its settings, and that the vendor is up.',
    {
      // Without its cause: clients look through the causes for an error that they know, and try again.
      ...{ code: 'model_unavailable', retryable: true },
      ...(UNSENT.test(code) && { isUnsent: true }),
    },
  )
}

function codeOf(error: unknown): string {
  for (let cause = error, depth = 0; cause && depth < 5; depth += 1) {
    const { code, cause: next } = cause as { code?: unknown; cause?: unknown } // any error
    if (typeof code === 'string') return code
    cause = next
  }
  return ''
}
