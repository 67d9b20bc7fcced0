import { setTimeout as sleep } from 'node:timers/promises'
import type { GenerateOptions, ModelRequest, ModelResult, ModelVendor } from '../agent/models.ts'
import { storableText } from '../schema/text.ts'
import { type ElizaTask, readPrompt } from './eliza-prompt.ts'
import { elizaReply } from './eliza-reply.ts'

/** What routers and status pages call the built-in model. */
export const ELIZA_MODEL = 'eliza'

export interface ElizaOptions {
  /** Milliseconds per word, so that streaming can be seen; 0 answers at once. */
  readonly typingMs?: number
}

/**
 * The built-in model: rules in the manner of Weizenbaum's ELIZA (1966), for a first talk without a
 * key. It reads the prompts and writes the XML that every model reads and writes here.
 */
export function createElizaVendor({ typingMs = 0 }: ElizaOptions = {}): ModelVendor {
  return {
    name: 'eliza',
    generate: (request, options) => generate(typingMs, request, options),
  }
}

async function generate(
  typingMs: number,
  request: ModelRequest,
  { signal, onText }: GenerateOptions,
): Promise<ModelResult> {
  signal.throwIfAborted()
  const { head, words, tail } = answerTo(readPrompt(request.prompt))
  const text = storableText([head, ...words, tail].join(''))
  if (typingMs === 0) onText(text)
  else await type([head, ...words, tail].map(storableText), typingMs, { signal, onText })
  const usage = {
    inputTokens: countWords(`${request.system ?? ''} ${request.prompt}`),
    outputTokens: countWords(text),
  }
  return { text, finishReason: 'stop', usage, cost: 0 }
}

async function type(
  pieces: readonly string[],
  typingMs: number,
  { signal, onText }: GenerateOptions,
): Promise<void> {
  for (const piece of pieces) {
    if (piece === '') continue
    onText(piece)
    // The timer's own error is an AbortError; the contract is the signal's reason.
    await sleep(typingMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

interface Answer {
  readonly head: string
  /** Of the text, each with the space before it. */
  readonly words: readonly string[]
  readonly tail: string
}

function answerTo(task: ElizaTask): Answer {
  if (task.kind === 'should-respond') {
    return whole('<reasoning>ELIZA always listens.</reasoning>\n<action>RESPOND</action>')
  }
  if (task.kind === 'extract') {
    return whole('<thought></thought>\n<facts></facts>\n<relationships></relationships>')
  }
  const { thought, text } = elizaReply(task.conversation)
  const head = `<response>\n<thought>${escapeXml(thought)}</thought>\n<actions>REPLY</actions>\n<providers></providers>\n<text>`
  return {
    head,
    words: escapeXml(text).match(/\s*\S+/g) ?? [],
    tail: '</text>\n</response>',
  }
}

const whole = (body: string): Answer => ({
  head: `<response>\n${body}\n</response>`,
  words: [],
  tail: '',
})

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** By a loop: a list of a long prompt's words would hold up every other turn of the process. */
function countWords(text: string): number {
  let count = 0
  let isInWord = false
  for (let i = 0; i < text.length; i++) {
    const isSpace = text.charCodeAt(i) <= 32
    if (isInWord && isSpace) count++
    isInWord = !isSpace
  }
  return isInWord ? count + 1 : count
}
