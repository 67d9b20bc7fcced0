import { RequiredPluginError } from '../../agent/errors.ts'
import type { PluginReport } from '../plugin-host.ts'

/** An agent was not opened, because of a plugin that it requires. */
export class FailedOpening extends RequiredPluginError {
  /** Of all of its plugins, as they stood then. */
  readonly report: readonly PluginReport[]

  constructor(error: RequiredPluginError, report: readonly PluginReport[]) {
    super(error.message)
    this.report = report
  }
}
