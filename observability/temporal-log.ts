import type { Logger } from './log.ts'

type TemporalLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'
/** As Temporal's SDK passes it; its symbols are for its own use. */
type TemporalMeta = Record<string | symbol, unknown>

/** What `Runtime.install({ logger })` and the SDK's worker expect, by shape. */
export interface TemporalLogger {
  log(level: TemporalLevel, message: string, meta?: TemporalMeta): void
  trace(message: string, meta?: TemporalMeta): void
  debug(message: string, meta?: TemporalMeta): void
  info(message: string, meta?: TemporalMeta): void
  warn(message: string, meta?: TemporalMeta): void
  error(message: string, meta?: TemporalMeta): void
}

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<TemporalLevel, string>

/** The same on every line of a process, or bytes. */
const NOISE = new Set(['namespace', 'taskQueue', 'taskToken', 'workflowType', 'isLocal'])

/**
 * Temporal's lines in our log. What the SDK says about its own routine (bundles, states of workers)
 * becomes `debug`; what Workflows and Activities say keeps its level. Lines of a turn carry its id,
 * which the Workflow Id holds; room and agent are not known here.
 */
export function temporalLogger(logger: Logger): TemporalLogger {
  const temporal = logger.child({ component: 'temporal' })
  const log = (level: TemporalLevel, message: string, meta: TemporalMeta = {}): void => {
    const isRoutine = level === 'INFO' && !isOurs(meta)
    const name = isRoutine ? 'debug' : LEVELS[level]
    // The SDK says several things per step at `debug`: gathering their fields would cost a turn 1 ms.
    if (temporal.isLevelEnabled(name)) temporal[name](fieldsOf(meta), message)
  }
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  }
}

const isOurs = ({ sdkComponent }: TemporalMeta): boolean =>
  sdkComponent === 'workflow' || sdkComponent === 'activity'

function fieldsOf({ error, ...meta }: TemporalMeta): Record<string, unknown> {
  const told = Object.entries(meta).filter(([key]) => !NOISE.has(key))
  return {
    ...Object.fromEntries(told),
    ...turnOf(meta.workflowId),
    ...(error !== undefined && { err: error }),
  }
}

function turnOf(workflowId: unknown): { turnId: string; gen: number } | undefined {
  const match = typeof workflowId === 'string' ? /^turn:([^:]+):(\d+)$/.exec(workflowId) : null
  return match?.[1] ? { turnId: match[1], gen: Number(match[2]) } : undefined
}
