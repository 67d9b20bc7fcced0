import type { ModelsOverview, ModelsPort } from '../../api/models-port.ts'

/** An ill vendor behind a limit. */
export const MODELS_OVERVIEW: ModelsOverview = {
  ...{ vendor: 'openai', model: 'gpt-5.4', isBuiltIn: false },
  fallbacks: ['anthropic/claude-sonnet-4-6'],
  breakers: [
    {
      ...{ vendor: 'openai', host: 'api.openai.com', model: 'gpt-5.4', state: 'open' },
      ...{ since: 1_700_000_000_000, retryAt: 1_700_000_030_000, openings: 2 },
      errorCode: 'model_unavailable',
    },
  ],
  rates: [
    {
      ...{ vendor: 'openai', host: 'api.openai.com', account: '1f0c' },
      ...{ requestsPerMinute: 60, tokensPerMinute: null, requests: 12, tokens: 0 },
      pausedUntil: null,
    },
  ],
  here: [
    {
      ...{ vendor: 'openai', host: 'api.openai.com', account: '1f0c' },
      ...{ running: 2, waiting: 3, maxConcurrent: 16 },
    },
  ],
}

export const fakeModels = (): ModelsPort => ({
  overview: async () => MODELS_OVERVIEW,
  metrics: async () => ({
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: '# HELP turnkeeper_model_calls_total Calls.\n',
  }),
})
