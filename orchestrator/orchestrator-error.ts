import { DomainError } from '../agent/errors.ts'

export type OrchestratorCode =
  | 'not_initialized'
  | 'stopped'
  | 'unsupported'
  | 'invalid_option'
  | 'limit_reached'
  | 'not_confirmed'
  | 'service_taken'

/** The system cannot do what it was asked. The message names the option or method, and the next step. */
export class OrchestratorError extends DomainError {
  override readonly name = 'OrchestratorError'
  readonly code: OrchestratorCode

  constructor(code: OrchestratorCode, message: string, options?: ErrorOptions) {
    super(message)
    this.code = code
    if (options && 'cause' in options) this.cause = options.cause
  }
}

/** What no process of ours can enforce or offer, with what can. */
export const unsupported = (what: string, instead: string): OrchestratorError =>
  new OrchestratorError('unsupported', `${what} ${instead}`)

export const invalidOption = (message: string): OrchestratorError =>
  new OrchestratorError('invalid_option', message)
