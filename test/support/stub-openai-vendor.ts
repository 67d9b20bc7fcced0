import type { ScriptedAnswer, StubVendor } from '../models/vendor-under-test.ts'
import { type StubCall, startStubHttp } from './stub-http.ts'
import { type ChatBody, countTokens } from './stub-openai-answer.ts'
import { type OpenaiFlavour, openaiErrors } from './stub-openai-errors.ts'
import { openaiFrames } from './stub-openai-frames.ts'
import { defaultText, play, sendJson } from './stub-play.ts'

/**
 * A vendor on loopback that speaks OpenAI's wire as far as the conformance suite asks: chat, vectors,
 * pictures, speech. `flavour` is whose errors and whose way of counting it has.
 */
export async function startStubOpenaiVendor(
  flavour: OpenaiFlavour = 'openai',
): Promise<StubVendor> {
  let scripted: ScriptedAnswer | undefined
  const http = await startStubHttp(async (call) => {
    const answer = scripted ?? defaultText(promptIn(call.body), http.requests().length)
    const words = answer.kind === 'text' ? answer.chunks.join('') : ''
    if (answer.kind === 'text' && answerWhole(call, words, flavour)) return
    const prompt = promptIn(call.body)
    await play(call, answer, { ...openaiFrames(flavour), ...openaiErrors(flavour) }, prompt)
  })
  return {
    ...http,
    baseUrl: `${http.origin}/v1`,
    answer(next) {
      scripted = next
    },
  }
}

/** The text of all messages, whatever their form. */
function promptIn(body: unknown): string {
  // What is no chat has no messages, which is all that is asked of it here.
  const { messages = [] } = (body ?? {}) as ChatBody
  return messages
    .map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
    .join('\n')
}

/** What is not streamed. @returns false: it was a chat. */
function answerWhole(call: StubCall, words: string, flavour: OpenaiFlavour): boolean {
  const { path, response } = call
  const isPicture = fieldsOf(call).modalities?.includes('image')
  if (path.endsWith('/chat/completions') && !isPicture) return false
  if (path.endsWith('/audio/speech')) {
    response.writeHead(200, { 'content-type': 'audio/mpeg' })
    response.end('stub-audio')
    return true
  }
  sendJson(response, { status: 200, body: documentFor(call, words, flavour) })
  return true
}

interface Fields {
  readonly input?: readonly string[]
  readonly n?: number
  readonly modalities?: readonly string[]
}

// The client under test sends what the endpoint takes; what is in it is what the tests look at.
const fieldsOf = ({ body }: StubCall): Fields => (body ?? {}) as Fields

function documentFor(call: StubCall, words: string, flavour: OpenaiFlavour): object {
  const { path } = call
  const { input = [], n = 1 } = fieldsOf(call)
  if (path.endsWith('/chat/completions')) return paintedChat
  if (path.endsWith('/embeddings')) {
    const count = countTokens(input.join(' '))
    const data = input.map((text, index) => ({ index, embedding: [text.length, 1, 0] }))
    // The order is not promised.
    return { data: data.reverse(), usage: { prompt_tokens: count, total_tokens: count } }
  }
  if (path.endsWith('/images/generations')) {
    const picture =
      flavour === 'xai'
        ? { url: 'https://pictures.example/stub-image.jpg' }
        : { b64_json: Buffer.from('stub-image').toString('base64') }
    return {
      data: Array.from({ length: n }, () => picture),
      output_format: 'webp',
      usage: pictureUsage(flavour),
    }
  }
  if (path.endsWith('/audio/transcriptions')) {
    return { text: words, usage: { type: 'tokens', input_tokens: 14, output_tokens: 3 } }
  }
  return { error: `The stub does not know ${path}.` }
}

/** OpenRouter's models draw in a chat. */
const paintedChat: object = {
  choices: [
    {
      finish_reason: 'stop',
      message: {
        content: 'Here it is.',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,c3R1Yg==' } }],
      },
    },
  ],
  usage: { prompt_tokens: 4, completion_tokens: 1_290, total_tokens: 1_294, cost: 0.03 },
}

const pictureUsage = (flavour: OpenaiFlavour): object =>
  flavour === 'xai'
    ? { cost_in_usd_ticks: 700_000_000 }
    : { input_tokens: 9, output_tokens: 1_056, total_tokens: 1_065 }
