import type { ScriptedError, ScriptedFailure, ScriptedUsage } from '../models/vendor-under-test.ts'
import type { ErrorAnswer, Wire } from './stub-play.ts'

const FINISH_REASONS = { stop: 'STOP', length: 'MAX_TOKENS', 'content-filter': 'SAFETY' } as const

/** Google's stream: events without names, each a whole response of its own. */
export const googleWire: Wire = {
  contentType: 'text/event-stream',
  text: (chunk, usage) => response({ candidates: [said(chunk)], ...metadata(usage) }),
  calls: (calls) => calls.map(callResponse).join(''),
  end: (finish, usage) =>
    finish === 'none'
      ? ''
      : response({
          candidates: [{ ...said(''), finishReason: FINISH_REASONS[finish] }],
          ...metadata(usage),
        }),
  // Without candidates: nothing was written.
  refusal: () =>
    response({
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      ...metadata({ input: 20, output: 0 }),
    }),
  failure: (failure) => event(JSON.stringify(googleError(failure, undefined).body)),
  error: googleError,
  frame: (content) => event(content),
}

const event = (data: string): string => `data: ${data}\r\n\r\n`

const response = (parts: object): string =>
  event(JSON.stringify({ ...parts, modelVersion: 'stub', responseId: 'stub' }))

const said = (text: string) => ({ content: { parts: [{ text }], role: 'model' }, index: 0 })

/** Totals so far; the model thinks with a token of each answer that has more than one. */
export function metadata(usage: ScriptedUsage | undefined): object {
  if (!usage) return {}
  const { input, output, cached } = usage
  const thoughts = output > 1 ? 1 : 0
  return {
    usageMetadata: {
      promptTokenCount: input,
      ...(cached !== undefined && { cachedContentTokenCount: cached }),
      candidatesTokenCount: output - thoughts,
      ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
      totalTokenCount: input + output,
    },
  }
}

/** A call is one part of one response; one that is no JSON never arrives as a call. */
function callResponse({ name, pieces }: { name: string; pieces: readonly string[] }): string {
  const content = callContent(name, pieces.join(''))
  return response({ candidates: [{ index: 0, ...content }] })
}

function callContent(name: string, written: string): object {
  try {
    const functionCall = { name, args: JSON.parse(written) }
    return { content: { parts: [{ functionCall }], role: 'model' } }
  } catch {
    const finishMessage = `Malformed function call: print(default_api.${name}(${written})`
    return { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage }
  }
}

const ERRORS: Readonly<Record<ScriptedError, readonly [number, string, string]>> = {
  'bad-key': [400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'],
  'unknown-model': [404, 'NOT_FOUND', 'models/x is not found for API version v1beta.'],
  'bad-request': [400, 'INVALID_ARGUMENT', 'Invalid value at generation_config.top_k.'],
  'prompt-too-long': [
    400,
    'INVALID_ARGUMENT',
    'The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).',
  ],
  blocked: [400, 'INVALID_ARGUMENT', 'Google answers 200 to a prompt that it blocks.'],
  'out-of-quota': [429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  'rate-limit': [429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  overloaded: [503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  'server-error': [500, 'INTERNAL', 'An internal error has occurred.'],
}

export function googleError(
  { error, message }: ScriptedFailure,
  retryAfterSeconds: number | undefined,
): ErrorAnswer {
  const [code, status, words] = ERRORS[error]
  const details = detailsOf(error, retryAfterSeconds)
  return {
    status: code,
    body: {
      error: { code, message: message ?? words, status, ...(details.length > 0 && { details }) },
    },
  }
}

const TYPE = 'type.googleapis.com/google.rpc'

function detailsOf(error: ScriptedError, retryAfterSeconds: number | undefined): object[] {
  const info = { '@type': `${TYPE}.ErrorInfo`, reason: 'API_KEY_INVALID', domain: 'googleapis.com' }
  const quota = (quotaId: string) => ({
    '@type': `${TYPE}.QuotaFailure`,
    violations: [{ quotaId }],
  })
  return [
    ...(error === 'bad-key' ? [info] : []),
    ...(error === 'out-of-quota'
      ? [quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier')]
      : []),
    ...(error === 'rate-limit' ? [quota('GenerateRequestsPerMinutePerProjectPerModel')] : []),
    // Google says so here, and in no header.
    ...(retryAfterSeconds === undefined
      ? []
      : [{ '@type': `${TYPE}.RetryInfo`, retryDelay: `${retryAfterSeconds}s` }]),
  ]
}
