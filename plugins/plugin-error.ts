import { DomainError } from '../agent/errors.ts'

/** A plugin cannot be used, or one of its members failed. The message names it and the next step. */
export class PluginError extends DomainError {
  readonly code = 'plugin_failed'
  override readonly name = 'PluginError'
  readonly plugin: string

  constructor(plugin: string, message: string, options?: ErrorOptions) {
    super(message)
    this.plugin = plugin
    if (options && 'cause' in options) this.cause = options.cause
  }
}
