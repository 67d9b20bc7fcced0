import type { ScriptedError, ScriptedFailure, ScriptedText } from '../models/vendor-under-test.ts'
import type { Objection } from './stub-anthropic-rules.ts'

/** As the vendor counts: what came from the cache or went into it is not in `input_tokens`. */
export interface WireUsage {
  readonly input_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation_input_tokens: number
}

export interface WireEvent {
  readonly type: string
  readonly [key: string]: unknown
}

/** One frame of `text/event-stream`. */
export const frame = (event: WireEvent): string => namedFrame(event.type, JSON.stringify(event))

export const namedFrame = (name: string, data: string): string =>
  `event: ${name}\ndata: ${data}\n\n`

/** `null`: the vendor counts nothing. */
export const messageStart = (model: string, usage: WireUsage | null): WireEvent => ({
  type: 'message_start',
  message: {
    id: 'msg_stub',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    // The real one has counted the first token, too.
    ...(usage && { usage: { ...usage, output_tokens: 1, service_tier: 'standard' } }),
  },
})

export const textStart = (index: number): WireEvent => ({
  type: 'content_block_start',
  index,
  content_block: { type: 'text', text: '', citations: null },
})

export const textDelta = (index: number, text: string): WireEvent => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text },
})

export const blockStop = (index: number): WireEvent => ({ type: 'content_block_stop', index })

/** What a model with its thoughts shown sends before it writes. */
export const thinking = (index: number, pieces: readonly string[]): readonly WireEvent[] => [
  {
    type: 'content_block_start',
    index,
    content_block: { type: 'thinking', thinking: '', signature: '' },
  },
  ...pieces.map((text) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'thinking_delta', thinking: text },
  })),
  { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'c2lnbmVk' } },
  blockStop(index),
]

export const toolUse = (
  index: number,
  { name, pieces }: { readonly name: string; readonly pieces: readonly string[] },
): readonly WireEvent[] => [
  {
    type: 'content_block_start',
    index,
    content_block: { type: 'tool_use', id: `toolu_stub_${index}`, name, input: {} },
  },
  // The real one begins with an empty piece.
  ...['', ...pieces].map((partial_json) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'input_json_delta', partial_json },
  })),
  blockStop(index),
]

export type StopReason = 'end_turn' | 'max_tokens' | 'refusal' | 'tool_use' | null

export const stopReasons: Readonly<Record<NonNullable<ScriptedText['finish']>, StopReason>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'content-filter': 'refusal',
  none: null,
}

export const messageEnd = (
  stopReason: StopReason,
  usage: WireUsage | null,
  output: number,
): readonly WireEvent[] => [
  {
    type: 'message_delta',
    delta: {
      stop_reason: stopReason,
      stop_sequence: null,
      stop_details:
        stopReason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
    },
    ...(usage && { usage: { ...usage, output_tokens: output } }),
  },
  { type: 'message_stop' },
]

/** Statuses, types and words as the API's own. */
const OBJECTIONS: Readonly<Record<ScriptedError, Objection>> = {
  'bad-key': { status: 401, type: 'authentication_error', message: 'invalid x-api-key' },
  'unknown-model': { status: 404, type: 'not_found_error', message: 'model: claude-nobody-9' },
  'bad-request': {
    status: 400,
    type: 'invalid_request_error',
    message: 'messages.0: Input should be a valid dictionary',
  },
  'prompt-too-long': {
    status: 400,
    type: 'invalid_request_error',
    message: 'prompt is too long: 215043 tokens > 200000 maximum',
  },
  blocked: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Output blocked by content filtering policy',
  },
  'out-of-quota': {
    status: 400,
    type: 'invalid_request_error',
    message: 'Your credit balance is too low to access the Anthropic API.',
  },
  'rate-limit': {
    status: 429,
    type: 'rate_limit_error',
    message: "This request would exceed your organization's rate limit of 50 requests per minute.",
  },
  overloaded: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
  'server-error': { status: 500, type: 'api_error', message: 'Internal server error' },
}

export const objectionOf = ({ error, message }: ScriptedFailure): Objection => ({
  ...OBJECTIONS[error],
  ...(message !== undefined && { message }),
})

export const errorBody = ({ type, message }: Objection): WireEvent => ({
  type: 'error',
  error: { type, message, details: null },
  request_id: 'req_stub',
})
