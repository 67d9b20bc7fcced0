import { DomainError } from '../agent/errors.ts'

/** The Temporal dev server could not be started. */
export class DevServerError extends DomainError {
  readonly code = 'temporal_not_started'
  override readonly name = 'DevServerError'
}
