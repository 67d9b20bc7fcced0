import type { ScriptedError, ScriptedFailure, ScriptedUsage } from '../models/vendor-under-test.ts'
import type { ErrorAnswer, Wire } from './stub-play.ts'

/** Ollama's stream: a JSON document per line, the last one with `done` and the counts. */
export const ollamaWire: Wire = {
  contentType: 'application/x-ndjson',
  text: (chunk) => message({ content: chunk }),
  calls: (calls) =>
    message({
      content: '',
      tool_calls: calls.map(({ name, pieces }) => ({
        function: { name, arguments: argumentsOf(pieces.join('')) },
      })),
    }),
  end: (finish, usage) =>
    message(
      { content: '' },
      {
        done: true,
        ...(finish !== 'none' && { done_reason: finish.replace('-', '_') }),
        ...counts(usage),
      },
    ),
  refusal: (text) =>
    message({ content: text }) + ollamaWire.end('content-filter', { input: 20, output: 5 }),
  failure: (failure) => line(ollamaError(failure, undefined).body),
  error: ollamaError,
  frame: (content) => `${content}\n`,
}

const line = (document: object): string => `${JSON.stringify(document)}\n`

const message = (said: object, more: object = { done: false }): string =>
  line({
    model: 'stub',
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', ...said },
    ...more,
  })

/** Models that write no JSON are passed on as they are by some servers behind the same API. */
function argumentsOf(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return written
  }
}

/** A prompt that is still in memory is not counted. */
const counts = (usage: ScriptedUsage | undefined): object =>
  usage
    ? { total_duration: 1, prompt_eval_count: usage.input, eval_count: usage.output }
    : { total_duration: 1 }

const TOO_LONG = JSON.stringify({
  error: {
    code: 400,
    message:
      'request (8889 tokens) exceeds the available context size (4096 tokens), try increasing it',
    type: 'exceed_context_size_error',
  },
})

const ERRORS: Readonly<Record<ScriptedError, readonly [number, string]>> = {
  'bad-key': [401, 'unauthorized'],
  'unknown-model': [404, "model 'test-model' not found"],
  'bad-request': [400, 'registry.ollama.ai/library/test-model:latest does not support tools'],
  'prompt-too-long': [400, TOO_LONG],
  blocked: [400, 'Ollama blocks nothing.'],
  'out-of-quota': [402, 'This model needs a subscription.'],
  'rate-limit': [429, 'you have reached your hourly usage limit'],
  overloaded: [503, 'server busy, please try again.  maximum pending requests exceeded'],
  'server-error': [500, 'model runner has unexpectedly stopped'],
}

export function ollamaError(
  { error, message: own }: ScriptedFailure,
  retryAfterSeconds: number | undefined,
): ErrorAnswer {
  const [status, words] = ERRORS[error]
  return {
    status,
    body: { error: own ?? words },
    ...(retryAfterSeconds !== undefined && {
      headers: { 'retry-after': String(retryAfterSeconds) },
    }),
  }
}
