import type { IncomingHttpHeaders } from 'node:http'

/** The part of the request that the stub reads. */
export interface MessageBody {
  readonly model?: string
  readonly max_tokens?: number
  readonly system?: string
  readonly messages?: readonly {
    readonly role: string
    readonly content: readonly MessageBlock[]
  }[]
  readonly tools?: readonly { readonly name: string; readonly input_schema?: object }[]
  readonly stream?: boolean
  readonly [key: string]: unknown
}

export interface MessageBlock {
  readonly type: string
  readonly text?: string
  readonly cache_control?: object
}

export interface Objection {
  readonly status: number
  readonly type: string
  readonly message: string
}

export const blocksOf = (body: MessageBody): readonly MessageBlock[] =>
  (body.messages ?? []).flatMap(({ content }) => content)

/** Everything the model reads, in the order in which it reads it. */
export const promptOf = (body: MessageBody): string =>
  `${body.system ?? ''}\n${blocksOf(body)
    .map(({ text = '' }) => text)
    .join('')}`

/** What the API of version 2026-10-21 refuses of what a client might send. */
export function objectionTo(
  body: MessageBody,
  headers: Readonly<IncomingHttpHeaders>,
): Objection | undefined {
  if (!headers['anthropic-version']) return invalid('anthropic-version: header is required')
  if (!headers.authorization && !headers['x-api-key']) {
    return { status: 401, type: 'authentication_error', message: 'x-api-key header is required' }
  }
  const unknown = Object.keys(body).find((name) => !FIELDS.has(name))
  if (unknown !== undefined) return invalid(`${unknown}: Extra inputs are not permitted`)
  if (!(Number(body.max_tokens) > 0)) return invalid('max_tokens: Field required')
  return objectionToContent(body)
}

/** `temperature`, `top_p` and `top_k` were removed. */
const FIELDS = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'stop_sequences',
  'stream',
  'output_config',
  'thinking',
  'metadata',
])

function objectionToContent(body: MessageBody): Objection | undefined {
  const blocks = blocksOf(body)
  if (blocks.length === 0) return invalid('messages: at least one message is required')
  if (blocks.some(({ type, text = '' }) => type === 'text' && text.trim() === '')) {
    return invalid('messages: text content blocks must contain non-whitespace text')
  }
  if (blocks.filter((block) => block.cache_control).length > 4) {
    return invalid('A maximum of 4 blocks with cache_control may be provided.')
  }
  const open = body.tools?.find(({ input_schema }) =>
    /^{.*"(?:any|one|all)Of"/.test(topOf(input_schema)),
  )
  return (
    open &&
    invalid(
      `tools.${open.name}: input_schema does not support oneOf, allOf, or anyOf at the top level`,
    )
  )
}

const topOf = (schema: object = {}): string =>
  JSON.stringify(Object.fromEntries(Object.keys(schema).map((name) => [name, 0])))

const invalid = (message: string): Objection => ({
  status: 400,
  type: 'invalid_request_error',
  message,
})
