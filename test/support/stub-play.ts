import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  ScriptedAnswer,
  ScriptedFailure,
  ScriptedText,
  ScriptedUsage,
} from '../models/vendor-under-test.ts'
import type { StubCall } from './stub-http.ts'
import { countTokens, defaultAnswer } from './stub-openai-answer.ts'

type Tools = Extract<ScriptedAnswer, { kind: 'tools' }>

/** How one vendor writes the parts of a streamed answer. */
export interface Wire {
  readonly contentType: string
  /** `sent` is all text so far, this one included. */
  text(chunk: string, usage: ScriptedUsage | undefined): string
  calls(calls: Tools['calls']): string
  /** The last frame; empty when the vendor has none for an end without a reason. */
  end(finish: NonNullable<ScriptedText['finish']>, usage: ScriptedUsage | undefined): string
  /** The model or the vendor declines. */
  refusal(text: string): string
  /** An error in the middle of a stream. */
  failure(failure: ScriptedFailure): string
  /** An answer with an error status. */
  error(failure: ScriptedFailure, retryAfterSeconds: number | undefined): ErrorAnswer
  /** A frame of a stream in good order, with this in it. */
  frame(content: string): string
}

export interface ErrorAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** A reply in our XML to the prompt, cut into pieces. */
export function defaultText(prompt: string, n: number): ScriptedText {
  const { text } = defaultAnswer({ messages: [{ role: 'user', content: prompt }] }, n)
  return { kind: 'text', chunks: text.match(/.{1,20}/gs) ?? [] }
}

/** Does to a request what the script says, in the vendor's wire. */
export async function play(
  call: StubCall,
  answer: ScriptedAnswer,
  wire: Wire,
  prompt: string,
): Promise<void> {
  const { response } = call
  switch (answer.kind) {
    case 'silence':
      return
    case 'break':
      return call.breakOff()
    case 'page':
      return send(response, answer.status, 'text/html', '<!doctype html><p>Nothing here.</p>')
    case 'other-json':
      return sendJson(response, { status: 200, body: { a: 1 } })
    case 'error':
      return sendJson(response, wire.error(answer, answer.retryAfterSeconds))
    case 'redirect':
      return void response.writeHead(307, { location: answer.to }).end()
    case 'endless-line':
      return playEndless(call, wire.contentType, 'x'.repeat(10_000))
    case 'endless-tools':
      return playEndless(call, wire.contentType, wire.calls([{ name: 'wave', pieces: ['{}'] }]))
    case 'text':
      return playText(call, answer, wire, prompt)
    default:
      return send(response, 200, wire.contentType, wholeStream(answer, wire, prompt))
  }
}

function wholeStream(
  answer: Extract<ScriptedAnswer, { kind: 'tools' | 'refusal' | 'other-frames' }>,
  wire: Wire,
  prompt: string,
): string {
  if (answer.kind === 'other-frames') return answer.frames.map((one) => wire.frame(one)).join('')
  if (answer.kind === 'refusal') return wire.refusal(answer.text)
  const usage = { input: countTokens(prompt), output: 5 }
  const text = answer.text === undefined ? '' : wire.text(answer.text, usage)
  return text + wire.calls(answer.calls) + wire.end('stop', usage)
}

async function playText(
  call: StubCall,
  answer: ScriptedText,
  wire: Wire,
  prompt: string,
): Promise<void> {
  const { response, gone } = call
  response.writeHead(200, { 'content-type': wire.contentType })
  response.flushHeaders()
  let sent = ''
  for (const [index, chunk] of answer.chunks.entries()) {
    if (index > 0) await pause(answer.pauseMs ?? 0, gone)
    if (index === 1 && answer.hold) await Promise.race([answer.hold, closing(gone)])
    if (gone.aborted) return
    sent += chunk
    await write(call, wire.text(chunk, usageOf(answer, prompt, sent)))
  }
  if (answer.ending === 'endless')
    return repeat(call, wire.text(answer.chunks.at(-1) ?? 'x', undefined))
  if (answer.ending === 'silence') return
  if (answer.ending === 'break') return call.breakOff()
  if (answer.ending === 'cut') return void response.end()
  if (answer.ending) return void response.end(wire.failure(answer.ending))
  response.end(wire.end(answer.finish ?? 'stop', usageOf(answer, prompt, sent)))
}

export function playEndless(call: StubCall, contentType: string, text: string): Promise<void> {
  call.response.writeHead(200, { 'content-type': contentType })
  return repeat(call, text)
}

async function repeat(call: StubCall, frame: string): Promise<void> {
  while (!call.gone.aborted) {
    await write(call, frame)
    await pause(1, call.gone)
  }
}

function usageOf({ usage }: ScriptedText, prompt: string, sent: string): ScriptedUsage | undefined {
  if (usage === 'none') return undefined
  if (usage === 'zero') return { input: 0, output: 0 }
  return usage ?? { input: countTokens(prompt), output: countTokens(sent) }
}

export async function pause(ms: number, gone: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal: gone }).catch(() => undefined)
}

export const closing = (gone: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (gone.aborted) resolve()
    gone.addEventListener('abort', () => resolve(), { once: true })
  })

export async function write({ response, gone }: StubCall, text: string): Promise<void> {
  if (response.write(text)) return
  const drained = new Promise<void>((resolve) => response.once('drain', resolve))
  await Promise.race([drained, closing(gone)])
}

export function sendJson(response: ServerResponse, { status, body, headers }: ErrorAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers })
  response.end(JSON.stringify(body))
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType })
  response.end(body)
}
