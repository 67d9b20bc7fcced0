import { Counter, Gauge, type Registry } from 'prom-client'

export type Labels = Readonly<Record<string, string>>

interface Metric {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** Adds a metric with the given values. */
export function addGauge(registry: Registry, metric: Metric, values: Iterable<[Labels, number]>) {
  const gauge = new Gauge({ ...metric, registers: [registry] })
  for (const [labels, value] of values) gauge.inc(labels, value)
}

/** The same for what only grows: the values are totals. */
export function addCounter(registry: Registry, metric: Metric, values: Iterable<[Labels, number]>) {
  const counter = new Counter({ ...metric, registers: [registry] })
  for (const [labels, value] of values) counter.inc(labels, value)
}
