import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hashVector } from '../../plugins/load/test-models.ts'

/** What the stub does with the requests of an endpoint until told otherwise. */
export type Mood =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfterSeconds?: number
      /** For the next request alone. */
      readonly once?: boolean
    }
  /** Says 200, some words, and then that it failed. Streams only. */
  | { readonly kind: 'fails-in-stream' }
  /** The socket is destroyed after the first words. Streams only. */
  | { readonly kind: 'cut' }

export interface Hit {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  readonly authorization: string | undefined
}

export interface StubVendor {
  /** With `/v1`. */
  readonly url: string
  /** Every request since the last `forget`, oldest first. */
  hits(path?: string): readonly Hit[]
  forget(): void
  /** The words of the model to a prompt; undefined leaves it to the answer by default. */
  answer(script: (prompt: string) => string | undefined): void
  mood(mood: Mood | undefined): void
  close(): Promise<void>
}

/** MP3, as its first bytes say. */
export const SPEECH = Buffer.from('ID3 speech of the stub')
export const PICTURE = 'https://pictures.example.com/sunset.png'
const DIMENSIONS = 1536

export const USAGE = { input: 11, output: 7 } as const

/**
 * A vendor on loopback as `@elizaos/plugin-openai` asks it: `/responses` streamed and not, chat
 * completions, embeddings, pictures, speech both ways, and the list of models.
 */
export async function startStubVendor(): Promise<StubVendor> {
  let hits: Hit[] = []
  let script: (prompt: string) => string | undefined = () => undefined
  let mood: Mood | undefined
  const server = createServer((request, response) => {
    receive(request)
      .then((hit) => {
        hits.push(hit)
        const words = () => script(promptOf(hit)) ?? wordsByDefault(promptOf(hit))
        const now = hit.path === '/models' ? undefined : mood
        if (now?.kind === 'status' && now.once) mood = undefined
        respond(response, hit, { mood: now, words })
      })
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  // A connection that is closed just when a client takes it up again would be a failure of ours.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server's address is never a string.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    hits: (path) => hits.filter((hit) => path === undefined || hit.path === path),
    forget() {
      hits = []
    },
    answer(next) {
      script = next
    },
    mood(next) {
      mood = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function receive(request: IncomingMessage): Promise<Hit> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const bytes = Buffer.concat(parts)
  const isJson = request.headers['content-type']?.startsWith('application/json') ?? false
  return {
    path: (request.url ?? '/').replace(/^\/v1/, ''),
    // The clients under test send objects.
    body: isJson ? (JSON.parse(bytes.toString()) as Hit['body']) : { bytes: bytes.length },
    authorization: request.headers.authorization,
  }
}

/** All of what a model would read. */
export const promptOf = ({ body }: Hit): string => textsIn(body.input ?? body.messages).join('\n')

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  if (typeof value !== 'object' || value === null) return []
  return 'text' in value ? textsIn(value.text) : 'content' in value ? textsIn(value.content) : []
}

/** What keeps any turn going. */
const wordsByDefault = (prompt: string): string =>
  /\bshould(?:_| )respond|RESPOND \| IGNORE/i.test(prompt) && !prompt.includes('<text>')
    ? '<response><reasoning>It always does.</reasoning><action>RESPOND</action></response>'
    : '<response><thought>Nothing.</thought><actions>REPLY</actions><providers></providers><text>The stub has answered.</text></response>'

interface Ways {
  readonly mood: Mood | undefined
  words(): string
}

function respond(response: ServerResponse, hit: Hit, { mood, words }: Ways): void {
  if (mood?.kind === 'status') sendStatus(response, mood)
  else if (hit.path === '/audio/speech') {
    response.writeHead(200, { 'content-type': 'audio/mpeg' })
    response.end(SPEECH)
  } else if (hit.path === '/responses' && hit.body.stream === true) {
    streamAnswer(response, words(), mood)
  } else if (hit.path === '/chat/completions' && hit.body.stream === true) {
    streamCompletion(response, words())
  } else {
    const found = documentOf(hit, words)
    const missing = { error: { message: `No path ${hit.path}`, type: 'none' } }
    sendJson(response, found ?? missing, found ? 200 : 404)
  }
}

function documentOf({ path, body }: Hit, words: Ways['words']): object | undefined {
  switch (path) {
    case '/responses':
      return responseOf(words(), 'completed')
    case '/chat/completions':
      return completionOf(words())
    case '/embeddings':
      return vectorsOf(body.input)
    case '/images/generations':
      return { created: 1, data: [{ url: PICTURE }] }
    case '/audio/transcriptions':
      return { text: 'What was said.' }
    case '/models':
      return { object: 'list', data: [{ id: 'stub', object: 'model' }] }
    default:
      return undefined
  }
}

function sendStatus(
  response: ServerResponse,
  { status, retryAfterSeconds }: Extract<Mood, { kind: 'status' }>,
): void {
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  const error = { message: `The stub says ${status}.`, type: 'stub', code: null, param: null }
  sendJson(response, { error }, status, headers)
}

function sendJson(
  response: ServerResponse,
  body: object,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

const usage = {
  input_tokens: USAGE.input,
  output_tokens: USAGE.output,
  total_tokens: USAGE.input + USAGE.output,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
}

const messageOf = (text: string) => ({
  ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text, annotations: [] }],
})

const responseOf = (text: string, status: string) => ({
  ...{ id: 'resp_1', object: 'response', created_at: 1, model: 'stub', status, error: null },
  ...{ incomplete_details: null, output: [messageOf(text)], usage },
})

function streamAnswer(response: ServerResponse, text: string, mood: Mood | undefined): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sequence = 0
  const send = (type: string, more: object) => {
    const event = { type, sequence_number: sequence++, ...more }
    response.write(`event: ${type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const begun = { ...responseOf('', 'in_progress'), output: [], usage: null }
  send('response.created', { response: begun })
  send('response.output_item.added', { output_index: 0, item: { ...messageOf(''), content: [] } })
  const pieces = text.match(/[\s\S]{1,24}/g) ?? []
  for (const delta of mood ? pieces.slice(0, 1) : pieces) {
    send('response.output_text.delta', { ...at, delta })
  }
  if (mood?.kind === 'cut') {
    setImmediate(() => response.destroy())
    return
  }
  if (mood) {
    send('error', { code: 'server_error', message: 'The stub broke down.', param: null })
  } else {
    send('response.output_item.done', { output_index: 0, item: messageOf(text) })
    send('response.completed', { response: responseOf(text, 'completed') })
  }
  response.end()
}

/** As our own client of this vendor asks. */
function streamCompletion(response: ServerResponse, content: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const head = { id: 'chat_1', object: 'chat.completion.chunk', created: 1, model: 'stub' }
  const send = (more: object) => response.write(`data: ${JSON.stringify({ ...head, ...more })}\n\n`)
  send({ choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] })
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  send({ choices: [], usage: completionOf('').usage })
  response.end('data: [DONE]\n\n')
}

const completionOf = (text: string) => ({
  ...{ id: 'chat_1', object: 'chat.completion', created: 1, model: 'stub' },
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
  usage: {
    prompt_tokens: USAGE.input,
    completion_tokens: USAGE.output,
    total_tokens: USAGE.input + USAGE.output,
  },
})

/** Texts with words in common are near each other; no first component is 0. */
function vectorsOf(input: unknown): object {
  const texts = Array.isArray(input) ? input.map(String) : [String(input)]
  const data = texts.map((text, index) => {
    const short = hashVector(text)
    const embedding = [...short, ...new Array<number>(DIMENSIONS - short.length).fill(0)]
    return { object: 'embedding', index, embedding }
  })
  const { input: prompt_tokens } = USAGE
  return { object: 'list', model: 'stub', data, usage: { prompt_tokens, total_tokens: 11 } }
}
