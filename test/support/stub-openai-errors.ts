import type { ScriptedError } from '../models/vendor-under-test.ts'
import type { ErrorAnswer, Wire } from './stub-play.ts'

/** Whose errors a stub of OpenAI's wire sends. */
export type OpenaiFlavour = 'openai' | 'xai' | 'openrouter' | 'groq'

interface Said {
  readonly status: number
  readonly message: string
  readonly type?: string
  readonly code?: string
}

/** OpenAI's own. Its copies differ where `OTHERS` says so. */
const OPENAI: Readonly<Record<ScriptedError, Said>> = {
  'bad-key': {
    status: 401,
    message: 'Incorrect API key provided: sk-no*****here. You can find your key on our page.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  },
  'unknown-model': {
    status: 404,
    message: 'The model `test-model` does not exist or you do not have access to it.',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  'bad-request': {
    status: 400,
    message: "Unknown parameter: 'colour'.",
    type: 'invalid_request_error',
    code: 'unknown_parameter',
  },
  'prompt-too-long': {
    status: 400,
    message:
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
  },
  blocked: {
    status: 400,
    message: 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
    type: 'invalid_request_error',
    code: 'invalid_prompt',
  },
  'out-of-quota': {
    status: 429,
    message: 'You exceeded your current quota, please check your plan and billing details.',
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  },
  'rate-limit': {
    status: 429,
    message: 'Rate limit reached for test-model on requests per min (RPM): Limit 3, Used 3.',
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
  overloaded: {
    status: 503,
    message: 'The engine is currently overloaded, please try again later.',
    type: 'service_unavailable',
  },
  'server-error': {
    status: 500,
    message: 'The server had an error while processing your request.',
    type: 'server_error',
  },
}

const OTHERS: Readonly<Record<OpenaiFlavour, Partial<Record<ScriptedError, Said>>>> = {
  openai: {},
  xai: {
    'bad-key': {
      status: 400,
      message: 'Incorrect API key provided: xa***re. You can obtain an API key from our console.',
    },
    'prompt-too-long': {
      status: 400,
      message:
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    },
    blocked: { status: 403, message: 'Content violates usage guidelines.' },
    'out-of-quota': {
      status: 429,
      message:
        'Your team has either used all available credits or reached its monthly spending limit.',
    },
  },
  openrouter: {
    'bad-key': { status: 401, message: 'No auth credentials found' },
    'unknown-model': { status: 400, message: 'test-model is not a valid model ID' },
    'prompt-too-long': {
      status: 400,
      message:
        "This endpoint's maximum context length is 8192 tokens. However, you requested about 9000 tokens.",
    },
    blocked: {
      status: 403,
      message:
        'test-model requires moderation on Acme. Your input was flagged for "violence". No credits were charged.',
    },
    'out-of-quota': { status: 402, message: 'Insufficient credits. Add more and retry.' },
    overloaded: { status: 502, message: 'Provider returned error' },
  },
  groq: {
    'prompt-too-long': {
      status: 413,
      message:
        'Request too large for model `test-model` on tokens per minute (TPM): Limit 6000, Requested 9000.',
      type: 'tokens',
      code: 'rate_limit_exceeded',
    },
  },
}

export const openaiErrors = (flavour: OpenaiFlavour): Pick<Wire, 'error'> => ({
  error({ error, message }, retryAfterSeconds): ErrorAnswer {
    const own = OTHERS[flavour][error] ?? OPENAI[error]
    const said = { ...own, message: message ?? own.message }
    return {
      status: said.status,
      body: bodyOf(said, flavour),
      ...(retryAfterSeconds !== undefined && {
        headers: { 'retry-after': String(retryAfterSeconds) },
      }),
    }
  },
})

function bodyOf({ status, message, type, code }: Said, flavour: OpenaiFlavour): object {
  if (flavour === 'xai') return { code: 'The request could not be served', error: message }
  if (flavour === 'openrouter') return { error: { message, code: status } }
  return { error: { message, type, param: null, code: code ?? null } }
}
