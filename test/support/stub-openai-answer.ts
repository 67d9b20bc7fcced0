/** What a stub vendor does with one request. Left out fields mean: at once, well-formed, honest. */
export type Answer =
  | TextAnswer
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: string | object
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Answers 200 with this body and type, whatever was asked for. */
  | {
      readonly kind: 'raw'
      readonly contentType: string
      readonly body: string
      /** The body is sent, but never ends. */
      readonly isEndless?: boolean
    }
  /** The socket is destroyed before any byte. */
  | { readonly kind: 'refuse' }
  /** No byte ever comes. */
  | { readonly kind: 'hang' }

export interface TextAnswer {
  readonly kind: 'text'
  readonly text: string
  /** Characters per chunk; default 20. */
  readonly chunkSize?: number
  /** Called right before each chunk is sent, counted from 0. */
  readonly onChunk?: (index: number) => void
  /** Milliseconds before the first chunk. */
  readonly firstTokenMs?: number
  /** Milliseconds before each further chunk. */
  readonly tokenMs?: number
  /** Milliseconds, or the event, that the second chunk waits for. */
  readonly pauseAfterFirst?: number | Promise<unknown>
  /** Destroys the socket after so many chunks. */
  readonly cutAfterChunks?: number
  /** Default `stop`; null leaves it out, as a proxy does that ends a dead stream politely. */
  readonly finishReason?: string | null
  /** Default `counted`. */
  readonly usage?: 'counted' | 'zero' | 'none'
}

/** The part of OpenAI's request that the stub reads. */
export interface ChatBody {
  readonly model?: string
  readonly messages?: readonly { readonly role: string; readonly content: string }[]
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly [key: string]: unknown
}

/** Words, so that a test can count along. */
export const countTokens = (text: string): number => text.split(/\s+/).filter(Boolean).length

export const promptText = (body: ChatBody): string =>
  (body.messages ?? []).map((message) => message.content).join('\n')

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** `You said: …` to a prompt with a message in it, the matching empty form to the other prompts. */
export function defaultAnswer(body: ChatBody, n: number): TextAnswer {
  const prompt = promptText(body)
  return { kind: 'text', text: answerText(prompt, n) }
}

function answerText(prompt: string, n: number): string {
  if (prompt.includes('<response_format>should_respond</response_format>')) {
    return '<response><reasoning>A stub always responds.</reasoning><action>RESPOND</action></response>'
  }
  const message = messageIn(prompt)
  if (message === undefined && prompt.includes('<facts>')) {
    return '<response><thought></thought><facts></facts><relationships></relationships></response>'
  }
  return replyXml(message === undefined ? `Answer ${n}.` : `You said: ${message}`)
}

/** A well-formed answer of the shape that ElizaOS's message template asks for. */
export const replyXml = (text: string): string =>
  `<response><thought>The stub thinks nothing.</thought><actions>REPLY</actions><providers></providers><text>${escapeXml(text)}</text></response>`

function messageIn(prompt: string): string | undefined {
  const from = prompt.lastIndexOf('\n<message_to_answer>')
  const to = prompt.lastIndexOf('</message_to_answer>')
  if (from < 0 || to < from) return undefined
  return prompt.slice(from + '\n<message_to_answer>'.length, to).trim()
}
