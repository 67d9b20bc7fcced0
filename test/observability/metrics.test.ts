import { describe, expect, it } from '@jest/globals'
import { type ModelFigures, renderMetrics } from '../../observability/metrics.ts'

const NONE: ModelFigures = {
  ...{ totals: [], latencyBucketsMs: [250, 500], pending: [], breakers: [], rates: [], here: [] },
}

const totals = (more: Partial<ModelFigures['totals'][number]>) => ({
  ...{ vendor: 'openai', model: 'm', state: 'complete', bucket: 0, calls: 1 },
  ...{ inputTokens: 10, outputTokens: 5, cachedTokens: 0, cost: 0.25, unpricedCalls: 0 },
  ...{ latencyMs: 200, ...more },
})

async function lines(figures: Partial<ModelFigures>): Promise<readonly string[]> {
  const { text } = await renderMetrics({ ...NONE, ...figures })
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

describe('metrics', () => {
  it('are in the format of Prometheus, each with its help, also when nothing was called', async () => {
    const { contentType, text } = await renderMetrics(NONE)
    expect(contentType).toContain('text/plain; version=0.0.4')
    const names = [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'))
    // Nothing of the machine's: those are other people's.
    expect(names.filter((name) => !name?.startsWith('turnkeeper_model_'))).toEqual([])
  })

  it('count calls, tokens and cost by vendor and model', async () => {
    const shown = await lines({
      totals: [
        totals({ calls: 2, cachedTokens: 4 }),
        totals({ bucket: 1, calls: 1 }),
        totals({ state: 'unknown', bucket: -1, cost: 0, unpricedCalls: 1 }),
      ],
      pending: [{ vendor: 'openai', calls: 3 }],
    })
    expect(shown).toEqual(
      expect.arrayContaining([
        'turnkeeper_model_calls_total{vendor="openai",model="m",state="complete"} 3',
        'turnkeeper_model_calls_total{vendor="openai",model="m",state="unknown"} 1',
        'turnkeeper_model_tokens_total{vendor="openai",model="m",kind="input"} 30',
        'turnkeeper_model_tokens_total{vendor="openai",model="m",kind="output"} 15',
        'turnkeeper_model_tokens_total{vendor="openai",model="m",kind="cached"} 4',
        'turnkeeper_model_cost_dollars_total{vendor="openai",model="m"} 0.5',
        'turnkeeper_model_unpriced_calls_total{vendor="openai",model="m"} 1',
        'turnkeeper_model_calls_pending{vendor="openai"} 3',
      ]),
    )
  })

  it('have latencies as a histogram: each bucket counts the shorter calls too', async () => {
    const shown = await lines({
      totals: [
        totals({ calls: 2, latencyMs: 400 }),
        totals({ bucket: 1, calls: 3, latencyMs: 1_200 }),
        totals({ bucket: 2, calls: 1, latencyMs: 900 }),
        totals({ bucket: -1, calls: 7, latencyMs: 0 }),
      ],
    })
    const name = 'turnkeeper_model_call_duration_seconds'
    const labels = 'vendor="openai",model="m",state="complete"'
    expect(shown.filter((line) => line.startsWith(name))).toEqual([
      `${name}_bucket{${labels},le="0.25"} 2`,
      `${name}_bucket{${labels},le="0.5"} 5`,
      `${name}_bucket{${labels},le="+Inf"} 6`,
      `${name}_sum{${labels}} 2.5`,
      `${name}_count{${labels}} 6`,
    ])
  })

  it('have every bucket of a histogram once it has a call, so that the first slow one can be seen', async () => {
    const shown = await lines({ totals: [totals({ bucket: 2, calls: 1, latencyMs: 900 })] })
    const buckets = shown.filter((line) => line.includes('_bucket{'))
    expect(buckets.map((line) => line.replace(/.*,(le=.*)$/, '$1'))).toEqual([
      ...['le="0.25"} 0', 'le="0.5"} 0', 'le="+Inf"} 1'],
    ])
  })

  it('show breakers, rate limits, slots and queues', async () => {
    const breaker = { vendor: 'openai', host: 'h', model: 'm', since: new Date(0) }
    const rest = { retryAt: null, openings: 1, errorCode: null }
    const account = { vendor: 'openai', host: 'h', account: 'k' }
    const shown = await lines({
      breakers: [
        { ...breaker, ...rest, state: 'open' },
        { ...breaker, ...rest, model: 'n', state: 'half-open' },
        { ...breaker, ...rest, model: 'o', state: 'closed' },
      ],
      rates: [
        {
          ...{ ...account, requestsPerMinute: 60, tokensPerMinute: null, requests: 7, tokens: 900 },
          pausedUntil: new Date(2_000),
        },
      ],
      here: [{ ...account, running: 2, waiting: 5, maxConcurrent: 8, pausedMs: 0 }],
    })
    const of = 'vendor="openai",host="h",account="k"'
    expect(shown).toEqual([
      'turnkeeper_model_breaker_state{vendor="openai",host="h",model="m"} 2',
      'turnkeeper_model_breaker_state{vendor="openai",host="h",model="n"} 1',
      'turnkeeper_model_breaker_state{vendor="openai",host="h",model="o"} 0',
      `turnkeeper_model_rate_used{${of},unit="requests"} 7`,
      `turnkeeper_model_rate_used{${of},unit="tokens"} 900`,
      `turnkeeper_model_rate_limit{${of},unit="requests"} 60`,
      `turnkeeper_model_paused_until_seconds{${of}} 2`,
      `turnkeeper_model_slots_used{${of}} 2`,
      `turnkeeper_model_slots{${of}} 8`,
      `turnkeeper_model_queue_length{${of}} 5`,
    ])
  })

  it('keep a model’s name within its label, whatever an agent calls it', async () => {
    const shown = await lines({ totals: [totals({ model: 'a"b\\c\nd' })] })
    expect(shown[0]).toBe(
      String.raw`turnkeeper_model_calls_total{vendor="openai",model="a\"b\\c\nd",state="complete"} 1`,
    )
  })
})
