import type { Kysely } from 'kysely'
import type { ModelRouter } from '../../agent/models.ts'
import type { ModelsPort } from '../../api/models-port.ts'
import { readBreakers } from '../../limits/breaker-rows.ts'
import {
  addUpCalls,
  LATENCY_BUCKETS_MS,
  readCallTotals,
  readPendingCalls,
} from '../../limits/call-totals.ts'
import { readRates } from '../../limits/rate-rows.ts'
import type { SharedRateLimits } from '../../limits/rates.ts'
import { renderMetrics } from '../../observability/metrics.ts'
import type { Database } from '../../schema/database.ts'
import { defaultModel } from './default-model.ts'

/** More nobody reads; agents with hosts of their own may make many. */
const MOST_ROWS = 200

export interface ModelParts {
  readonly db: Kysely<Database>
  readonly models: ModelRouter
  readonly rates: Pick<SharedRateLimits, 'use'>
}

/** What is known about models here and, by the database, in all processes. */
export function createModelsPort({ db, models, rates }: ModelParts): ModelsPort {
  return {
    async overview() {
      const [described, breakers, limited] = await Promise.all([
        defaultModel(models),
        readBreakers(db, MOST_ROWS),
        readRates(db, MOST_ROWS),
      ])
      return {
        ...described,
        breakers: breakers.map((row) => ({
          ...row,
          since: row.since.getTime(),
          retryAt: row.retryAt?.getTime() ?? null,
        })),
        rates: limited.map((row) => ({ ...row, pausedUntil: row.pausedUntil?.getTime() ?? null })),
        here: rates.use().map(({ pausedMs: _, ...use }) => use),
      }
    },
    async metrics() {
      await addUpCalls(db)
      const [totals, pending, breakers, limited] = await Promise.all([
        readCallTotals(db),
        readPendingCalls(db),
        readBreakers(db, MOST_ROWS),
        readRates(db, MOST_ROWS),
      ])
      return renderMetrics({
        ...{ totals, pending, breakers, rates: limited, here: rates.use() },
        latencyBucketsMs: LATENCY_BUCKETS_MS,
      })
    },
  }
}
