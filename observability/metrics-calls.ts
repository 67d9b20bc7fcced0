import type { Registry } from 'prom-client'
import type { CallTotals } from '../limits/call-totals.ts'
import type { ModelFigures } from './metrics.ts'
import { addCounter, addGauge, type Labels } from './metrics-values.ts'

type Values = [Labels, number][]

/** What models were asked, over all processes, since the ledger is added up. */
export function addCallMetrics(registry: Registry, figures: ModelFigures): void {
  const { totals, pending } = figures
  addCounter(
    registry,
    {
      name: 'turnkeeper_model_calls_total',
      help: 'Calls to vendors that have ended, by the state of their ledger row.',
      labelNames: ['vendor', 'model', 'state'],
    },
    totals.map(({ vendor, model, state, calls }) => [{ vendor, model, state }, calls]),
  )
  addCounter(
    registry,
    {
      name: 'turnkeeper_model_tokens_total',
      help: 'Tokens; those of the input that came from a cache are counted as input and as cached.',
      labelNames: ['vendor', 'model', 'kind'],
    },
    totals.flatMap(tokensOf),
  )
  addCounter(registry, COST, totals.map(byModel('cost')))
  addCounter(registry, UNPRICED, totals.map(byModel('unpricedCalls')))
  addLatency(registry, figures)
  addGauge(
    registry,
    {
      name: 'turnkeeper_model_calls_pending',
      help: 'Calls whose end nobody has heard of yet.',
      labelNames: ['vendor'],
    },
    pending.map(({ vendor, calls }) => [{ vendor }, calls]),
  )
}

const COST = {
  name: 'turnkeeper_model_cost_dollars_total',
  help: 'US dollars, for calls whose price is known.',
  labelNames: ['vendor', 'model'],
}

const UNPRICED = {
  name: 'turnkeeper_model_unpriced_calls_total',
  help: 'Calls whose price is not known.',
  labelNames: ['vendor', 'model'],
}

const byModel =
  (field: 'cost' | 'unpricedCalls') =>
  ({ vendor, model, ...figures }: CallTotals): Values[number] => [{ vendor, model }, figures[field]]

const tokensOf = ({ vendor, model, ...totals }: CallTotals): Values => [
  [{ vendor, model, kind: 'input' }, totals.inputTokens],
  [{ vendor, model, kind: 'output' }, totals.outputTokens],
  [{ vendor, model, kind: 'cached' }, totals.cachedTokens],
]

/**
 * The series of a histogram, one by one: the library's own takes observations only, and these were made
 * by the database. `histogram_quantile` reads them as any others.
 */
function addLatency(registry: Registry, { totals, latencyBucketsMs }: ModelFigures): void {
  const name = 'turnkeeper_model_call_duration_seconds'
  const labelNames = ['vendor', 'model', 'state']
  const timed = totals.filter(({ bucket }) => bucket >= 0)
  const buckets = timed.flatMap(({ vendor, model, state, bucket, calls }): Values => {
    const ends = [...latencyBucketsMs.map((ms) => String(ms / 1_000)), '+Inf']
    // Each bucket counts the shorter ones too. All are there from the start: a rate needs the 0 before.
    return ends.map((le, at) => [{ vendor, model, state, le }, at >= bucket ? calls : 0])
  })
  const help = 'How long calls took.'
  const bucketLabels = [...labelNames, 'le']
  addCounter(registry, { name: `${name}_bucket`, help, labelNames: bucketLabels }, buckets)
  const labelsOf = ({ vendor, model, state }: CallTotals) => ({ vendor, model, state })
  const sums = timed.map((one): Values[number] => [labelsOf(one), one.latencyMs / 1_000])
  addCounter(registry, { name: `${name}_sum`, help, labelNames }, sums)
  const counts = timed.map((one): Values[number] => [labelsOf(one), one.calls])
  addCounter(registry, { name: `${name}_count`, help, labelNames }, counts)
}
