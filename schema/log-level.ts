import { z } from 'zod'

/** ElizaOS's names for levels, and the ones of ours that they mean. */
export const LOG_LEVELS = {
  trace: 'trace',
  verbose: 'debug',
  debug: 'debug',
  log: 'info',
  progress: 'info',
  success: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'fatal',
  silent: 'silent',
} as const

export const logLevel = z
  .string()
  .toLowerCase()
  .pipe(z.literal(Object.keys(LOG_LEVELS) as (keyof typeof LOG_LEVELS)[])) // the keys of a const
  .transform((name) => LOG_LEVELS[name])
