import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChatBody, countTokens, type TextAnswer } from './stub-openai-answer.ts'

/** What has happened to a request so far; `sent` grows while the answer is on its way. */
export interface Progress {
  readonly promptTokens: number
  sent: string
  /** The stub itself broke the connection, so its end is no abort by the client. */
  isBroken: boolean
}

interface Writing {
  readonly body: ChatBody
  readonly answer: TextAnswer
  readonly progress: Progress
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal
}

/** Speaks `POST /v1/chat/completions`, streamed or whole, as the request asks. */
export async function writeText(response: ServerResponse, writing: Writing): Promise<void> {
  const chunks = inChunks(writing.answer)
  if (writing.body.stream !== true) return writeWhole(response, writing, chunks)
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.flushHeaders()
  for (const [index, chunk] of chunks.entries()) {
    await pauseBefore(index, writing)
    if (writing.gone.aborted) return
    if (index === writing.answer.cutAfterChunks) return breakOff(response, writing.progress)
    const delta = index === 0 ? { role: 'assistant', content: chunk } : { content: chunk }
    writing.progress.sent += chunk
    writing.answer.onChunk?.(index)
    await write(response, event(writing.body, [{ index: 0, delta, finish_reason: null }]), writing)
  }
  if (chunks.length === writing.answer.cutAfterChunks) return breakOff(response, writing.progress)
  writeEnd(response, writing)
}

/** Destroys the socket in the middle of an answer, or before it. */
export function breakOff(response: ServerResponse, progress: Progress): void {
  progress.isBroken = true
  response.destroy()
}

function inChunks({ text, chunkSize = 20 }: TextAnswer): string[] {
  const count = Math.ceil(text.length / chunkSize)
  return Array.from({ length: count }, (_, i) => text.slice(i * chunkSize, (i + 1) * chunkSize))
}

async function pauseBefore(index: number, { answer, gone }: Writing): Promise<void> {
  const pause = index === 1 ? answer.pauseAfterFirst : undefined
  if (pause instanceof Promise) await Promise.race([pause, closing(gone)])
  else await rest(pause ?? 0, gone)
  await rest((index === 0 ? answer.firstTokenMs : answer.tokenMs) ?? 0, gone)
}

async function rest(ms: number, gone: AbortSignal): Promise<void> {
  // A client that hangs up ends the pause; the caller looks at `gone` next.
  if (ms > 0) await sleep(ms, undefined, { signal: gone }).catch(() => undefined)
}

const closing = (gone: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (gone.aborted) resolve()
    gone.addEventListener('abort', () => resolve(), { once: true })
  })

async function write(response: ServerResponse, text: string, { gone }: Writing): Promise<void> {
  if (response.write(text)) return
  const drained = new Promise<void>((resolve) => response.once('drain', resolve))
  await Promise.race([drained, closing(gone)])
}

function writeEnd(response: ServerResponse, { body, answer, progress }: Writing): void {
  const finish = answer.finishReason === undefined ? 'stop' : answer.finishReason
  if (finish !== null) {
    response.write(event(body, [{ index: 0, delta: {}, finish_reason: finish }]))
  }
  const usage = usageOf(answer, progress)
  if (usage && body.stream_options?.include_usage) response.write(event(body, [], usage))
  response.end(finish === null ? '' : 'data: [DONE]\n\n')
}

const completion = (body: ChatBody, object: string) => ({
  id: 'chatcmpl-stub',
  object,
  created: Math.floor(Date.now() / 1000),
  model: body.model ?? 'stub',
})

const event = (body: ChatBody, choices: readonly object[], usage?: object): string =>
  `data: ${JSON.stringify({ ...completion(body, 'chat.completion.chunk'), choices, usage: usage ?? null })}\n\n`

function usageOf(answer: TextAnswer, progress: Progress): object | undefined {
  if (answer.usage === 'none') return undefined
  const isZero = answer.usage === 'zero'
  const prompt = isZero ? 0 : progress.promptTokens
  const completionTokens = isZero ? 0 : countTokens(progress.sent)
  return {
    prompt_tokens: prompt,
    completion_tokens: completionTokens,
    total_tokens: prompt + completionTokens,
  }
}

async function writeWhole(
  response: ServerResponse,
  writing: Writing,
  chunks: readonly string[],
): Promise<void> {
  for (const index of chunks.keys()) await pauseBefore(index, writing)
  if (writing.gone.aborted) return
  const { body, answer, progress } = writing
  progress.sent = answer.text
  const message = { role: 'assistant', content: answer.text, refusal: null }
  const choices = [{ index: 0, message, finish_reason: answer.finishReason ?? 'stop' }]
  response.writeHead(200, { 'content-type': 'application/json' })
  const whole = {
    ...completion(body, 'chat.completion'),
    choices,
    usage: usageOf(answer, progress),
  }
  response.end(JSON.stringify(whole))
}
