import { Context } from '@temporalio/activity'
import { DomainError } from '../agent/errors.ts'

/**
 * A local step found that it takes its time, or must be claimed: its regular twin is to do it. It is not
 * noted in the journal, where the note would stand in the way of the twin's claim.
 */
export class RegularStepError extends DomainError {
  readonly code = 'regular_step'
  override readonly name = 'RegularStepError'
}

/** @throws {RegularStepError} it runs as a local one, whose attempts are counted apart from its twin's. */
export function mustBeRegular(step: string): void {
  if (!Context.current().info.isLocal) return
  throw new RegularStepError(
    `The step '${step}' has foreign members now: its regular twin goes on.`,
  )
}
