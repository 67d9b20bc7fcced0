import type { ScriptedAnswer, StubVendor } from '../models/vendor-under-test.ts'
import { type StubCall, startStubHttp } from './stub-http.ts'
import { ollamaError, ollamaWire } from './stub-ollama-wire.ts'
import { countTokens } from './stub-openai-answer.ts'
import { defaultText, play, sendJson } from './stub-play.ts'

/** The parts of Ollama's requests that the stub reads. */
interface OllamaBody {
  readonly model?: string
  readonly messages?: readonly { readonly content: string }[]
  readonly input?: readonly string[]
}

export interface StubOllama extends StubVendor {
  /** How often the facts about a model were asked for: these are no `requests`. */
  shows(): number
  /** What `POST /api/show` answers from now on. @default 131,072 tokens of context */
  describe(facts: object): void
}

const FACTS = {
  parameters: 'stop "<end>"',
  model_info: { 'general.architecture': 'stub', 'stub.context_length': 131_072 },
  capabilities: ['completion', 'tools', 'vision'],
}

/** An Ollama with two models on loopback. */
export async function startStubOllama(): Promise<StubOllama> {
  let next: ScriptedAnswer | undefined
  let facts: object = FACTS
  let shows = 0
  let n = 0
  const http = await startStubHttp(
    async (call) => {
      // The clients under test send objects; what they contain is what the tests look at.
      const body = (call.body ?? {}) as OllamaBody
      if (call.path === '/api/show') {
        shows += 1
        return sendJson(call.response, { status: 200, body: facts })
      }
      if (call.path === '/api/tags') return sendJson(call.response, { status: 200, body: TAGS })
      n += 1
      return answerCall(call, body, next, n)
    },
    ['/api/show', '/api/tags'],
  )
  return {
    ...http,
    baseUrl: http.origin,
    answer(given) {
      next = given
    },
    shows: () => shows,
    describe(given) {
      facts = given
    },
  }
}

const TAGS = {
  models: [
    { name: 'llama3.2:latest', model: 'llama3.2:latest', size: 1 },
    { name: 'nomic-embed-text:latest', model: 'nomic-embed-text:latest', size: 1 },
  ],
}

function answerCall(
  call: StubCall,
  { messages = [], input = [] }: OllamaBody,
  next: ScriptedAnswer | undefined,
  n: number,
): Promise<void> | void {
  const prompt = messages.map(({ content }) => content).join('\n')
  if (call.path === '/api/chat') {
    return play(call, next ?? defaultText(prompt, n), ollamaWire, prompt)
  }
  if (next && next.kind !== 'text') return play(call, next, ollamaWire, prompt)
  if (call.path !== '/api/embed') {
    return sendJson(call.response, ollamaError({ error: 'unknown-model' }, undefined))
  }
  const embeddings = input.map((text) => [text.length, 1, 0])
  const body = { embeddings, prompt_eval_count: countTokens(input.join(' ')) }
  sendJson(call.response, { status: 200, body })
}
