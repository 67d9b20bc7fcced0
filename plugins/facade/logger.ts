import { format } from 'node:util'
import { createLogLimit, LINE_LENGTH, type LogLimit, leftOutWords } from '../log-limit.ts'
import type { HostLog, RuntimeHost } from '../runtime-host.ts'
import { currentScope } from '../scope.ts'

type Write = (first: unknown, ...rest: unknown[]) => void

/** ElizaOS's logger: `(message, ...args)`, `(fields, message, ...args)` or `(error, message)`. */
export interface RuntimeLogger {
  level: string
  trace: Write
  debug: Write
  info: Write
  success: Write
  progress: Write
  log: Write
  warn: Write
  error: Write
  fatal: Write
  clear: () => void
  child: (bindings: Record<string, unknown>) => RuntimeLogger
}

/** Lines of nobody's member share one limit. */
const UNKNOWN = 'unknown'
const MAX_FIELD = 200
const MAX_FIELDS = 20

/** Into the host's log, with agent, plugin and turn named. What is long is cut: plugins log whole prompts. */
export function createLogger(
  host: Pick<RuntimeHost, 'agentId' | 'log'>,
  bindings: Readonly<Record<string, unknown>> = {},
  limit: LogLimit = createLogLimit(),
): RuntimeLogger {
  const { agentId, log } = host
  const isAdmitted = () => {
    const plugin = currentScope()?.plugin ?? UNKNOWN
    return limit.admits(plugin, (count) =>
      log.warn({ agentId, plugin }, leftOutWords(plugin, count)),
    )
  }
  const at =
    (level: keyof HostLog): Write =>
    (first, ...rest) => {
      if (!isAdmitted()) return
      const { fields, message } = readEntry(first, rest)
      const told = { ...shortened({ ...bindings, ...fields }), ...placeFields(agentId) }
      log[level](told, message.slice(0, LINE_LENGTH))
    }
  const [debug, info, warn, error] = [at('debug'), at('info'), at('warn'), at('error')]
  return {
    level: 'info',
    ...{ trace: debug, debug, info, success: info, progress: info, log: info },
    ...{ warn, error, fatal: error },
    clear: () => undefined,
    child: (more) => createLogger(host, { ...bindings, ...more }, limit),
  }
}

function readEntry(first: unknown, rest: readonly unknown[]) {
  if (typeof first === 'string') return { fields: {}, message: format(first, ...rest) }
  const [message, ...args] = rest
  const text = typeof message === 'string' ? format(message, ...args) : ''
  if (isError(first)) return { fields: { error: first.message }, message: text || first.message }
  const fields = typeof first === 'object' && first !== null ? { ...first } : {}
  return { fields, message: text || messageIn(fields) || (text === '' ? shown(first) : text) }
}

/** Errors of another realm are no `Error` of ours. */
const isError = (value: unknown): value is Error =>
  typeof value === 'object' && value !== null && 'message' in value && 'stack' in value

const messageIn = (fields: object): string => {
  const { message, msg } = fields as { readonly message?: unknown; readonly msg?: unknown } // any
  const found = message ?? msg
  return typeof found === 'string' ? found : ''
}

const shown = (value: unknown): string => (typeof value === 'object' ? '' : String(value))

/** Numbers, booleans and short texts; of an error its message. Objects stay out: they hold prompts and states. */
function shortened(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields).flatMap(([key, value]): [string, unknown][] => {
    if (isError(value)) return [[key, value.message.slice(0, MAX_FIELD)]]
    if (typeof value === 'string') return [[key, value.slice(0, MAX_FIELD)]]
    return typeof value === 'number' || typeof value === 'boolean' ? [[key, value]] : []
  })
  return Object.fromEntries(entries.slice(0, MAX_FIELDS))
}

function placeFields(agentId: string): Record<string, string> {
  const scope = currentScope()
  if (scope?.agentId !== agentId) return { agentId }
  const { plugin, member, turn } = scope
  return { agentId, plugin, member, ...(turn && { turnId: turn.context.turn.turnId }) }
}
