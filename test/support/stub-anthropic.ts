import type { ServerResponse } from 'node:http'
import type { ScriptedAnswer, ScriptedText, StubVendor } from '../models/vendor-under-test.ts'
import {
  blocksOf,
  type MessageBody,
  type Objection,
  objectionTo,
  promptOf,
} from './stub-anthropic-rules.ts'
import {
  blockStop,
  errorBody,
  frame,
  messageEnd,
  messageStart,
  namedFrame,
  objectionOf,
  stopReasons,
  textDelta,
  textStart,
  toolUse,
  type WireEvent,
  type WireUsage,
} from './stub-anthropic-wire.ts'
import { type StubCall, startStubHttp } from './stub-http.ts'
import { countTokens, defaultAnswer } from './stub-openai-answer.ts'
import { closing, pause, playEndless, write } from './stub-play.ts'

export type AnthropicAnswer =
  | ScriptedAnswer
  /** These events, whatever was asked for; `silence`: and then nothing, not even an end. */
  | {
      readonly kind: 'events'
      readonly events: readonly WireEvent[]
      readonly ending?: 'silence'
    }

/** Chooses the answer to the `n`th request, counted from 1. */
export type AnthropicScript = (prompt: string, n: number) => AnthropicAnswer

export interface StubAnthropic extends StubVendor {
  /** What `ANTHROPIC_BASE_URL` is set to. */
  readonly url: string
  answer(next: AnthropicAnswer): void
  /** From now on. */
  script(next: AnthropicScript): void
}

/** `You said: …` in our XML to a prompt with a message in it, the matching empty form to the others. */
export const replyToPrompt: AnthropicScript = (prompt, n) => {
  const { text } = defaultAnswer({ messages: [{ role: 'user', content: prompt }] }, n)
  return { kind: 'text', chunks: text.match(/.{1,20}/gs) ?? [] }
}

/**
 * A server on 127.0.0.1 that speaks Anthropic's Messages API as of its version 2026-10-21: it refuses
 * what that refuses, counts words as tokens, and has a prompt cache.
 */
export async function startStubAnthropic(
  first: AnthropicScript = replyToPrompt,
): Promise<StubAnthropic> {
  let script = first
  const cache = new Set<string>()
  const http = await startStubHttp(async (call) => {
    if (call.path !== '/v1/messages') return refuse(call.response, NOT_FOUND)
    // The client under test sends an object; what is in it is what the tests look at.
    const body = call.body as MessageBody
    const objection = objectionTo(body, call.response.req.headers)
    if (objection) return refuse(call.response, objection)
    const prompt = promptOf(body)
    const usage = usageFor(body, cache)
    await play({ call, body, usage }, script(prompt, http.requests().length))
  })
  return {
    ...http,
    baseUrl: http.origin,
    url: http.origin,
    answer(next) {
      script = () => next
    },
    script(next) {
      script = next
    },
  }
}

const NOT_FOUND: Objection = { status: 404, type: 'not_found_error', message: 'Not Found' }

/** A block that is marked is read from the cache from its second time on, with all that stands before it. */
function usageFor(body: MessageBody, cache: Set<string>): WireUsage {
  const blocks = blocksOf(body)
  const marked = blocks.findLastIndex((block) => block.cache_control)
  const all = countTokens(JSON.stringify(body.tools ?? '')) + countTokens(promptOf(body))
  if (marked < 0) return usage(all, 0, 0)
  const prefix = JSON.stringify([body.model, body.tools, body.system, blocks.slice(0, marked + 1)])
  const size =
    all - blocks.slice(marked + 1).reduce((sum, { text = '' }) => sum + countTokens(text), 0)
  const isHit = cache.has(prefix)
  cache.add(prefix)
  return isHit ? usage(all - size, size, 0) : usage(all - size, 0, size)
}

const usage = (input: number, read: number, written: number): WireUsage => ({
  input_tokens: input,
  cache_read_input_tokens: read,
  cache_creation_input_tokens: written,
})

interface Playing {
  readonly call: StubCall
  readonly body: MessageBody
  /** What was counted of the prompt. */
  readonly usage: WireUsage
}

async function play(playing: Playing, answer: AnthropicAnswer): Promise<void> {
  const { call } = playing
  switch (answer.kind) {
    case 'silence':
      return
    case 'break':
      return call.breakOff()
    case 'page':
      return send(call.response, answer.status, 'text/html', '<!doctype html><p>Nothing here.</p>')
    case 'other-json':
      return send(call.response, 200, 'application/json', JSON.stringify({ a: 1 }))
    case 'error':
      return refuse(call.response, objectionOf(answer), answer.retryAfterSeconds)
    case 'redirect':
      return void call.response.writeHead(307, { location: answer.to }).end()
    case 'endless-line':
      return playEndless(call, EVENT_STREAM, 'x'.repeat(10_000))
    case 'endless-tools':
      return playEndless(call, EVENT_STREAM, toolUse(0, WAVE).map(frame).join(''))
    case 'text':
      return playText(playing, answer)
    case 'events':
      return playEvents(call, answer)
    default:
      return send(call.response, 200, EVENT_STREAM, wholeStream(playing, answer))
  }
}

const EVENT_STREAM = 'text/event-stream; charset=utf-8'

const WAVE = { name: 'wave', pieces: ['{}'] }

type Whole = Extract<AnthropicAnswer, { kind: 'other-frames' | 'tools' | 'refusal' }>

function wholeStream({ body, usage }: Playing, answer: Whole): string {
  if (answer.kind === 'other-frames') {
    return answer.frames.map((content) => namedFrame('content_block_delta', content)).join('')
  }
  const { text } = answer
  const said = text === undefined ? [] : [textStart(0), textDelta(0, text), blockStop(0)]
  const calls = answer.kind === 'tools' ? answer.calls : []
  const uses = calls.flatMap((call, index) => toolUse(index + (text === undefined ? 0 : 1), call))
  const end = messageEnd(answer.kind === 'tools' ? 'tool_use' : 'refusal', usage, 5)
  return [messageStart(body.model ?? '', usage), ...said, ...uses, ...end].map(frame).join('')
}

async function playEvents(
  call: StubCall,
  { events, ending }: Extract<AnthropicAnswer, { kind: 'events' }>,
): Promise<void> {
  call.response.writeHead(200, { 'content-type': EVENT_STREAM })
  await write(call, events.map(frame).join(''))
  if (ending !== 'silence') call.response.end()
}

async function playText(playing: Playing, answer: ScriptedText): Promise<void> {
  const { call, body } = playing
  const { response, gone } = call
  const counted = countedOf(playing, answer)
  response.writeHead(200, { 'content-type': EVENT_STREAM })
  const opening = [messageStart(body.model ?? '', counted), textStart(0), { type: 'ping' }]
  await write(call, opening.map(frame).join(''))
  for (const [index, chunk] of answer.chunks.entries()) {
    if (index > 0) await pause(answer.pauseMs ?? 0, gone)
    if (index === 1 && answer.hold) await Promise.race([answer.hold, closing(gone)])
    if (gone.aborted) return
    await write(call, frame(textDelta(0, chunk)))
  }
  await close(playing, answer, counted)
}

async function close(
  { call }: Playing,
  answer: ScriptedText,
  counted: WireUsage | null,
): Promise<void> {
  const { chunks, ending, finish = 'stop' } = answer
  if (ending === 'endless') return repeat(call, frame(textDelta(0, chunks.at(-1) ?? 'x')))
  if (ending === 'silence') return
  if (ending === 'break') return call.breakOff()
  if (ending === 'cut') return void call.response.end()
  if (ending) return void call.response.end(frame(errorBody(objectionOf(ending))))
  const output =
    typeof answer.usage === 'object' ? answer.usage.output : countTokens(chunks.join(''))
  const end = [blockStop(0), ...messageEnd(stopReasons[finish], counted, output)]
  call.response.end(end.map(frame).join(''))
}

function countedOf({ usage: counted }: Playing, answer: ScriptedText): WireUsage | null {
  if (answer.usage === 'none') return null
  if (answer.usage === 'zero') return usage(0, 0, 0)
  if (answer.usage === undefined) return counted
  const { input, cached = 0 } = answer.usage
  return usage(input - cached, cached, 0)
}

async function repeat(call: StubCall, text: string): Promise<void> {
  while (!call.gone.aborted) {
    await write(call, text)
    await pause(1, call.gone)
  }
}

function refuse(response: ServerResponse, objection: Objection, retryAfterSeconds?: number): void {
  const headers: Record<string, string> = {}
  if (retryAfterSeconds !== undefined) headers['retry-after'] = `${retryAfterSeconds}`
  const body = JSON.stringify(errorBody(objection))
  send(response, objection.status, 'application/json', body, headers)
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': contentType, ...headers })
  response.end(body)
}
