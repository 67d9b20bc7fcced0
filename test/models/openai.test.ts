import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ModelRequest } from '../../agent/models.ts'
import { createOpenaiVendor } from '../../models/openai.ts'
import { startStubHttp } from '../support/stub-http.ts'
import {
  type Answer,
  type StubOpenai,
  startStubOpenai,
  type TextAnswer,
} from '../support/stub-openai.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

const text = (words: string, more: Partial<TextAnswer> = {}): TextAnswer => ({
  kind: 'text',
  text: words,
  ...more,
})

describe('a call of an OpenAI-compatible endpoint', () => {
  let answer: Answer
  let stub: StubOpenai
  beforeEach(async () => {
    stub = await startStubOpenai(() => answer)
  })
  afterEach(() => stub.close())

  const vendor = (limits = {}) => createOpenaiVendor({ baseUrl: stub.url }, limits)
  const sent = () => stub.requests()[0]?.body

  it('sends the system text and the prompt as messages, and asks for usage', async () => {
    answer = text('Fine.')
    await vendor().generate(
      { ...REQUEST, maxTokens: 50, temperature: 0.5, stopSequences: ['END'] },
      quietly(),
    )
    expect(sent()).toEqual({
      model: 'test-model',
      messages: [
        { role: 'system', content: 'You are Ada.' },
        { role: 'user', content: REQUEST.prompt },
      ],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 50,
      temperature: 0.5,
      stop: ['END'],
    })
  })

  it('leaves out the sampling that reasoning models refuse', async () => {
    answer = text('Fine.')
    const request = { ...REQUEST, model: 'gpt-5.4', temperature: 0.5, stopSequences: ['END'] }
    await vendor().generate(request, quietly())
    expect(Object.keys(sent() ?? {})).toEqual(['model', 'messages', 'stream', 'stream_options'])
  })

  it('hands out the first token while the vendor is still holding back the rest', async () => {
    const events: string[] = []
    const rest = Promise.withResolvers<void>()
    const first = Promise.withResolvers<void>()
    answer = text('Hello world', { chunkSize: 6, pauseAfterFirst: rest.promise })
    const call = vendor().generate(REQUEST, {
      signal: new AbortController().signal,
      onText(delta) {
        events.push(`heard '${delta}'`)
        first.resolve()
      },
    })
    await first.promise
    events.push('vendor goes on')
    rest.resolve()
    await call
    expect(events).toEqual(["heard 'Hello '", 'vendor goes on', "heard 'world'"])
  })

  it('reports the usage that the vendor bills', async () => {
    answer = text('three little words')
    const { usage, cost } = await vendor().generate(REQUEST, quietly())
    const bill = stub.bill()
    expect(usage).toEqual({ inputTokens: bill.promptTokens, outputTokens: bill.completionTokens })
    expect(bill.completionTokens).toBe(3)
    expect(cost).toBeNull()
  })

  it.each(['none', 'zero'] as const)('has no usage when the vendor sends %s', async (usage) => {
    answer = text('Fine.', { usage })
    const result = await vendor().generate(REQUEST, quietly())
    expect(result.text).toBe('Fine.')
    expect(result.usage).toBeUndefined()
  })

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content-filter'],
    ['tool_calls', 'unknown'],
    [null, 'unknown'],
  ])('takes the finish reason %p as %p', async (finishReason, expected) => {
    answer = text('Fine.', { finishReason })
    expect((await vendor().generate(REQUEST, quietly())).finishReason).toBe(expected)
  })

  it('returns an empty answer as it is', async () => {
    answer = text('')
    expect(await vendor().generate(REQUEST, quietly())).toMatchObject({
      text: '',
      finishReason: 'stop',
    })
  })

  it('returns 200 KB as they are', async () => {
    const long = 'word and '.repeat(23_000)
    answer = text(long, { chunkSize: 4_000 })
    expect((await vendor().generate(REQUEST, quietly())).text).toBe(long)
  })

  it('stops reading an answer without end, and hangs up', async () => {
    answer = text('x'.repeat(100_000), { chunkSize: 100, tokenMs: 1 })
    const limited = vendor({ maxAnswerLength: 250 })
    const result = await limited.generate(REQUEST, quietly())
    expect(result).toMatchObject({ text: 'x'.repeat(250), finishReason: 'length' })
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it('reads no line without end', async () => {
    answer = {
      kind: 'raw',
      contentType: 'text/event-stream',
      body: `data: ${'x'.repeat(100_000)}`,
      isEndless: true,
    }
    const call = vendor({ maxAnswerBytes: 50_000 }).generate(REQUEST, quietly())
    await expect(call).rejects.toMatchObject({ code: 'model_rejected', retryable: false })
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it.each([
    ['a role, and no word', { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }],
    ['no choice', { choices: [] }],
  ])('is as patient as before its first chunk after one with %s', async (_, chunk) => {
    const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`
    const loading = await startStubHttp(async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(event(chunk))
      await sleep(200)
      response.end(event({ choices: [{ delta: { content: 'Hi.' }, finish_reason: 'stop' }] }))
    })
    const limits = { firstChunkMs: 30_000, nextChunkMs: 20 }
    const slow = createOpenaiVendor({ baseUrl: `${loading.origin}/v1` }, limits)
    expect((await slow.generate(REQUEST, quietly())).text).toBe('Hi.')
    await loading.close()
  })

  it('believes no count of a copy that counts in every chunk when the stream was cut', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 1 }
    const counted = (more: object) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'So ' }, ...more }], usage })}\n\n`
    const raw = (body: string) => ({ kind: 'raw', contentType: 'text/event-stream', body }) as const
    answer = raw(counted({}))
    const cut = await vendor().generate(REQUEST, quietly())
    expect(cut).toEqual({ text: 'So ', finishReason: 'unknown', cost: null })
    answer = raw(counted({ finish_reason: 'stop' }))
    expect((await vendor().generate(REQUEST, quietly())).usage).toMatchObject({ inputTokens: 9 })
  })

  it('waits longer for a model that thinks first', async () => {
    answer = { kind: 'hang' }
    const wait = (purpose: ModelRequest['purpose']) =>
      vendor({ firstChunkMs: 350 }).generate({ ...REQUEST, purpose }, quietly())
    await expect(wait('TEXT_LARGE')).rejects.toThrow('sent nothing for 1 s')
    await expect(wait('REASONING_LARGE')).rejects.toThrow('sent nothing for 2 s')
  })

  it('keeps an emoji whole that arrives in two halves, and replaces what cannot be stored', async () => {
    answer = text('a😀b\u0000c\uD83D', { chunkSize: 1 })
    const pieces: string[] = []
    const result = await vendor().generate(REQUEST, {
      ...quietly(),
      onText: (delta) => pieces.push(delta),
    })
    expect(result.text).toBe('a😀b\uFFFDc\uFFFD')
    expect(pieces).toEqual(['a', '😀', 'b', '\uFFFD', 'c', '\uFFFD'])
  })

  it('passes on the error of a listener as it is', async () => {
    answer = text('Fine.')
    const broken = new Error('the listener broke')
    const call = vendor().generate(REQUEST, {
      ...quietly(),
      onText: () => {
        throw broken
      },
    })
    await expect(call).rejects.toBe(broken)
  })

  it('hangs up on an endpoint that has not answered yet when the signal is aborted', async () => {
    answer = { kind: 'hang' }
    const controller = new AbortController()
    const call = vendor().generate(REQUEST, { ...quietly(), signal: controller.signal })
    await stub.received(1)
    controller.abort(new Error('cancelled while waiting'))
    await expect(call).rejects.toThrow('cancelled while waiting')
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it('asks again by no means itself', async () => {
    answer = { kind: 'status', status: 500 }
    await expect(vendor().generate(REQUEST, quietly())).rejects.toThrow()
    expect(stub.requests()).toHaveLength(1)
  })
})
