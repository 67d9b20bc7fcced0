import { Registry } from 'prom-client'
import type { BreakerRow } from '../limits/breaker-rows.ts'
import type { CallTotals, PendingCalls } from '../limits/call-totals.ts'
import type { RateRow } from '../limits/rate-rows.ts'
import type { AccountUse } from '../limits/rates.ts'
import { addCallMetrics } from './metrics-calls.ts'
import { addGauge, type Labels } from './metrics-values.ts'

/** Everything that metrics show, as it was read just now. */
export interface ModelFigures {
  /** Of the whole system, from the database. */
  readonly totals: readonly CallTotals[]
  readonly latencyBucketsMs: readonly number[]
  readonly pending: readonly PendingCalls[]
  readonly breakers: readonly BreakerRow[]
  readonly rates: readonly RateRow[]
  /** Of the process that is asked. */
  readonly here: readonly AccountUse[]
}

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const

/**
 * Metrics in the text format of Prometheus. A registry of their own for each look: everything in them was
 * read for it, so that looks at the same time do not mix, and what is gone is not shown any more.
 */
export async function renderMetrics(figures: ModelFigures): Promise<MetricsText> {
  const registry = new Registry()
  addCallMetrics(registry, figures)
  addBreakers(registry, figures)
  addRates(registry, figures)
  addUse(registry, figures)
  return { contentType: registry.contentType, text: await registry.metrics() }
}

function addBreakers(registry: Registry, { breakers }: ModelFigures): void {
  const metric = {
    name: 'turnkeeper_model_breaker_state',
    help: 'Circuit breakers that opened within a day: 0 closed, 1 half-open, 2 open.',
    labelNames: ['vendor', 'host', 'model'],
  }
  addGauge(
    registry,
    metric,
    breakers.map(({ vendor, host, model, state }) => [
      { vendor, host, model },
      BREAKER_STATES[state],
    ]),
  )
}

const ACCOUNT = ['vendor', 'host', 'account'] as const

const accountOf = ({ vendor, host, account }: RateRow | AccountUse): Labels => ({
  ...{ vendor, host, account },
})

function addRates(registry: Registry, { rates }: ModelFigures): void {
  const add = (name: string, help: string, figureOf: (row: RateRow) => (number | null)[]) => {
    const values = rates.flatMap((row): [Labels, number][] => {
      const [requests = null, tokens = null] = figureOf(row)
      const entry = (unit: string, value: number | null): [Labels, number][] =>
        value === null ? [] : [[{ ...accountOf(row), unit }, value]]
      return [...entry('requests', requests), ...entry('tokens', tokens)]
    })
    addGauge(registry, { name, help, labelNames: [...ACCOUNT, 'unit'] }, values)
  }
  add('turnkeeper_model_rate_used', 'Used since the full minute, over all processes.', (row) => [
    row.requests,
    row.tokens,
  ])
  add('turnkeeper_model_rate_limit', 'Limit per minute, where one is set.', (row) => [
    row.requestsPerMinute,
    row.tokensPerMinute,
  ])
  const isPaused = rates.flatMap((row): [Labels, number][] =>
    row.pausedUntil ? [[accountOf(row), row.pausedUntil.getTime() / 1_000]] : [],
  )
  const paused = {
    name: 'turnkeeper_model_paused_until_seconds',
    help: 'Until when a vendor asked us to wait, as a Unix time.',
    labelNames: ACCOUNT,
  }
  addGauge(registry, paused, isPaused)
}

function addUse(registry: Registry, { here }: ModelFigures): void {
  const add = (name: string, help: string, figureOf: (use: AccountUse) => number) => {
    const values = here.map((use): [Labels, number] => [accountOf(use), figureOf(use)])
    addGauge(registry, { name, help, labelNames: ACCOUNT }, values)
  }
  const where = 'in the process that answers this'
  add('turnkeeper_model_slots_used', `Calls that run ${where}.`, ({ running }) => running)
  add('turnkeeper_model_slots', `Calls that may run ${where}.`, (use) => use.maxConcurrent)
  add('turnkeeper_model_queue_length', `Calls that wait ${where}.`, ({ waiting }) => waiting)
}
