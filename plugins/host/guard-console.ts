import { format } from 'node:util'
import type { HostLog } from '../runtime-host.ts'
import { currentScope } from '../scope.ts'

const METHODS = ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir'] as const
const MAX_LENGTH = 2_000

/**
 * What plugins' code writes to the console becomes a line of our log that names plugin and member: their
 * clients print whole requests there when a vendor fails, prompts included. The words are kept only where the
 * operator wants content in the log. Whatever belongs to no plugin is written as before.
 *
 * @returns puts the process's own console back
 */
export function guardConsole(log: HostLog, keepsContent: boolean): () => void {
  const { console: terminal } = globalThis
  const passed = METHODS.map((method) => [method, terminal[method]] as const)
  for (const [method, original] of passed) {
    terminal[method] = (...given: unknown[]) => {
      const scope = currentScope()
      if (!scope) return Reflect.apply(original, terminal, given)
      const { plugin, member, agentId } = scope
      const words = keepsContent ? { words: format(...given).slice(0, MAX_LENGTH) } : {}
      log.debug(
        { plugin, member, agentId, ...words },
        `The plugin '${plugin}' wrote to the console (${method}).`,
      )
    }
  }
  return () => {
    for (const [method, original] of passed) terminal[method] = original
  }
}
