import type { TurnCode } from '../schema/turn.ts'

/** An error whose reader can do something about it. Messages quote values and name the next step. */
export abstract class DomainError extends Error {
  abstract readonly code: string
}

/** A request that cannot be understood. `path` names the field. */
export class InvalidRequestError extends DomainError {
  readonly code = 'invalid_request'
  override readonly name = 'InvalidRequestError'
  readonly path: string | undefined

  constructor(message: string, path?: string) {
    super(message)
    this.path = path
  }
}

export class NotFoundError extends DomainError {
  readonly code = 'not_found'
  override readonly name = 'NotFoundError'
  readonly kind: string
  readonly id: string

  constructor(kind: string, id: string) {
    super(`No ${kind} has the id '${id}'.`)
    this.kind = kind
    this.id = id
  }
}

/** The request is fine, but the state of things does not allow it. */
export class ConflictError extends DomainError {
  readonly code: 'agent_stopped' | 'conflict'
  override readonly name = 'ConflictError'

  constructor(message: string, code: 'agent_stopped' | 'conflict' = 'conflict') {
    super(message)
    this.code = code
  }
}

/** Middleware of the program turned the message away. Nothing of it was stored. */
export class MessageRefusedError extends DomainError {
  readonly code = 'message_refused'
  override readonly name = 'MessageRefusedError'
}

/** The agent takes so many messages in a minute. Nothing of this one was stored. */
export class RateLimitedError extends DomainError {
  readonly code = 'rate_limited'
  override readonly name = 'RateLimitedError'
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** One idempotency key was used for two different bodies. */
export class IdempotencyError extends DomainError {
  readonly code = 'idempotency_key_reused'
  override readonly name = 'IdempotencyError'

  constructor(key: string) {
    super(
      `The idempotency key '${key}' was used before with another body. ` +
        'Use a new key for a new message; repeat the same body to get the same answer.',
    )
  }
}

/** The agent does not run: a plugin that it requires failed. The message says which, why, and what to do. */
export class RequiredPluginError extends DomainError {
  readonly code = 'required_plugin_failed'
  override readonly name = 'RequiredPluginError'
}

/**
 * Postgres or Temporal cannot be reached. Nothing was written by halves; whether a commit whose answer
 * was lost took place is not known.
 */
export class UnavailableError extends DomainError {
  readonly code = 'unavailable'
  override readonly name = 'UnavailableError'
}

export interface ModelErrorOptions {
  readonly code: Extract<
    TurnCode,
    | 'model_unavailable'
    | 'model_rejected'
    | 'model_not_configured'
    | 'model_refused'
    | 'prompt_too_long'
    | 'budget_exhausted'
    | 'budget_stop'
  >
  /** Whether another attempt could succeed. */
  readonly retryable: boolean
  /** The vendor's own wish, from `Retry-After`. */
  readonly retryAfterMs?: number
  readonly status?: number
  /** The request never reached the vendor: nothing was billed. @default true for `model_not_configured` */
  readonly isUnsent?: true
  readonly cause?: unknown
}

/** A vendor said no, or nothing. The message may quote the vendor: it never enters Temporal. */
export class ModelError extends DomainError {
  override readonly name = 'ModelError'
  readonly code: ModelErrorOptions['code']
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly status: number | undefined
  /** The request never reached the vendor: nothing was billed. Undefined: it may have. */
  readonly isUnsent?: true

  constructor(message: string, { cause, ...options }: ModelErrorOptions) {
    super(message, { cause })
    this.code = options.code
    this.retryable = options.retryable
    this.retryAfterMs = options.retryAfterMs
    this.status = options.status
    if (options.isUnsent || options.code === 'model_not_configured') this.isUnsent = true
  }
}

type AnswerFault = Extract<
  TurnCode,
  'model_answer_empty' | 'model_answer_unreadable' | 'model_refused'
>

/** The model answered, but nothing sayable could be read from it. */
export class ModelAnswerError extends DomainError {
  override readonly name = 'ModelAnswerError'
  readonly code: AnswerFault

  constructor(code: AnswerFault, message: string) {
    super(message)
    this.code = code
  }
}

/** This attempt lost its right to the step: a later attempt or another run holds it. */
export class FencedError extends DomainError {
  readonly code = 'fenced'
  override readonly name = 'FencedError'

  constructor(step: string) {
    super(`Another attempt holds the step '${step}'. This one changes nothing.`)
  }
}

/** A chat platform refused or could not be reached. */
export class ConnectorError extends DomainError {
  readonly code = 'connector_failed'
  override readonly name = 'ConnectorError'
  /** `permanent`: blocked, channel deleted; the message is settled with the reason. */
  readonly kind: 'permanent' | 'retryable'
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    {
      kind,
      retryAfterMs,
      cause,
    }: { kind: 'permanent' | 'retryable'; retryAfterMs?: number; cause?: unknown },
  ) {
    super(message, { cause })
    this.kind = kind
    this.retryAfterMs = retryAfterMs
  }
}
