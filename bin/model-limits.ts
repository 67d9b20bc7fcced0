import type { Kysely } from 'kysely'
import { createBreakers, type SharedBreakers, TRIP_RULE } from '../limits/breakers.ts'
import { createRateLimits, type SharedRateLimits } from '../limits/rates.ts'
import type { RootLogger } from '../observability/log.ts'
import type { Config } from '../schema/config.ts'
import type { Database } from '../schema/database.ts'

export interface ModelLimits {
  readonly breakers: SharedBreakers
  readonly rates: SharedRateLimits
  close(): Promise<void>
}

/** What keeps a process from asking vendors too much, with the state that all processes share. */
export function createModelLimits(
  db: Kysely<Database>,
  { breakerFailures }: Pick<Config, 'breakerFailures'>,
  logger: RootLogger,
): ModelLimits {
  const onError = (error: unknown) =>
    logger.warn({ err: error }, 'Breakers and rate limits could not be shared for a while.')
  const rule =
    breakerFailures === 0
      ? { ...TRIP_RULE, failuresInARow: Infinity, leastCalls: Infinity }
      : { ...TRIP_RULE, failuresInARow: breakerFailures }
  const breakers = createBreakers({ db, onError, rule })
  const rates = createRateLimits({ db, onError })
  return {
    breakers,
    rates,
    close: async () => void (await Promise.all([breakers.close(), rates.close()])),
  }
}
