import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ModelRequest } from '../../agent/models.ts'
import type { AnthropicLimits } from '../../models/anthropic.ts'
import { type StubAnthropic, startStubAnthropic } from '../support/stub-anthropic.ts'
import {
  blockStop,
  messageEnd,
  messageStart,
  textDelta,
  textStart,
  thinking,
  toolUse,
} from '../support/stub-anthropic-wire.ts'
import { askAnthropic } from './anthropic-asking.ts'
import { anthropicSubject } from './anthropic-subject.ts'
import { describeVendorOnWire } from './vendor-conformance.ts'

describeVendorOnWire(anthropicSubject)

const COUNTED = {
  input_tokens: 7,
  cache_read_input_tokens: 100,
  cache_creation_input_tokens: 20,
}

let stub: StubAnthropic
beforeEach(async () => {
  stub = await startStubAnthropic()
})
afterEach(() => stub.close())

const ask = (request: Partial<ModelRequest> = {}, limits: Partial<AnthropicLimits> = {}) =>
  askAnthropic(stub, request, limits)

describe('what Anthropic answers', () => {
  it('counts what came from the cache and what went into it as read', async () => {
    stub.answer({
      kind: 'events',
      events: [
        messageStart('m', COUNTED),
        textStart(0),
        textDelta(0, 'Fine.'),
        blockStop(0),
        ...messageEnd('end_turn', COUNTED, 42),
      ],
    })
    const { usage, cost } = await ask()
    expect(usage).toEqual({
      inputTokens: 127,
      outputTokens: 42,
      cachedTokens: 100,
      cacheWriteTokens: 20,
    })
    expect(cost).toBeNull()
  })

  it.each([null, 0])(
    'keeps the counts of the start when the end has %p in their place',
    async (none) => {
      const usage = { output_tokens: 3, input_tokens: none, cache_read_input_tokens: none }
      stub.answer({
        kind: 'events',
        events: [
          messageStart('m', COUNTED),
          textDelta(0, 'Fine.'),
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
        ],
      })
      expect((await ask()).usage).toMatchObject({ inputTokens: 127, outputTokens: 3 })
    },
  )

  it('has no usage when it ended before the vendor had counted', async () => {
    stub.answer({ kind: 'events', events: [messageStart('m', COUNTED), textDelta(0, 'Fi')] })
    const { text, finishReason, usage } = await ask()
    expect([text, finishReason, usage]).toEqual(['Fi', 'unknown', undefined])
  })

  it('never shows what the model thinks, nor the signature of it', async () => {
    stub.answer({
      kind: 'events',
      events: [
        messageStart('m', COUNTED),
        ...thinking(0, ['They want ', 'a joke.']),
        {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'redacted_thinking', data: 'x' },
        },
        blockStop(1),
        textStart(2),
        textDelta(2, 'Knock, knock.'),
        blockStop(2),
        ...messageEnd('end_turn', COUNTED, 9),
      ],
    })
    const { text, pieces } = await ask()
    expect([text, pieces]).toEqual(['Knock, knock.', ['Knock, knock.']])
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content-filter'],
    ['tool_use', 'tool-calls'],
    ['pause_turn', 'unknown'],
    ['something_new', 'unknown'],
    [null, 'unknown'],
  ])('that it stopped for %p means %p', async (stop_reason, expected) => {
    stub.answer({
      kind: 'events',
      events: [messageStart('m', COUNTED), { type: 'message_delta', delta: { stop_reason } }],
    })
    expect((await ask()).finishReason).toBe(expected)
  })

  it('is a refusal with the words that were said before it, and their bill', async () => {
    stub.answer({ kind: 'refusal', text: 'Well, first you' })
    expect(await ask()).toMatchObject({
      text: 'Well, first you',
      finishReason: 'content-filter',
      usage: { outputTokens: 5 },
    })
  })

  it('is broken off when nothing follows the greeting', async () => {
    stub.answer({ kind: 'events', events: [messageStart('m', COUNTED)] })
    await expect(ask()).rejects.toMatchObject({ code: 'model_unavailable', retryable: true })
  })

  it('is hung up on when a line of it has no end', async () => {
    stub.answer({ kind: 'other-frames', frames: ['x'.repeat(50_000)] })
    await expect(ask({}, { maxAnswerBytes: 10_000 })).rejects.toMatchObject({
      code: 'model_rejected',
      message: expect.stringContaining("'an answer without end'"),
    })
  })

  it('may take its time to begin, and more where the model shall reason', async () => {
    const events = [messageStart('m', COUNTED), ...thinking(0, ['Hm. ', 'Hm.'])]
    stub.answer({ kind: 'events', events, ending: 'silence' })
    const limits = { firstChunkMs: 600, nextChunkMs: 10 }
    await expect(ask({}, limits)).rejects.toThrow('sent nothing for 1 s')
    const reasoning = ask({ purpose: 'REASONING_LARGE' }, limits)
    await expect(reasoning).rejects.toThrow('sent nothing for 2 s')
  })
})

describe('tools at Anthropic', () => {
  it('are called with arguments that arrive in pieces, beside a text', async () => {
    stub.answer({
      kind: 'tools',
      text: 'Let me look.',
      calls: [
        { name: 'WEATHER', pieces: ['{"ci', 'ty": "Pa\\u0000ris"}'] },
        { name: 'CLOCK', pieces: [] },
        { name: 'BROKEN', pieces: ['{"city": "Par'] },
        { name: 'LIST', pieces: ['[1]'] },
      ],
    })
    const { text, finishReason, toolCalls } = await ask()
    expect([text, finishReason]).toEqual(['Let me look.', 'tool-calls'])
    expect(toolCalls).toStrictEqual([
      { name: 'WEATHER', arguments: { city: 'Pa\uFFFDris' } },
      { name: 'CLOCK', arguments: {} },
      { name: 'BROKEN', arguments: undefined },
      { name: 'LIST', arguments: undefined },
    ])
  })

  it('that run at the vendor are no calls of ours', async () => {
    stub.answer({
      kind: 'events',
      events: [
        messageStart('m', COUNTED),
        {
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        },
        ...messageEnd('end_turn', COUNTED, 9),
      ],
    })
    expect((await ask()).toolCalls).toBeUndefined()
  })

  it('are cut like a text when their arguments never end', async () => {
    stub.answer({
      kind: 'events',
      events: [
        messageStart('m', COUNTED),
        ...toolUse(0, { name: 'WEATHER', pieces: ['{"city": "', 'x'.repeat(300)] }),
        ...messageEnd('tool_use', COUNTED, 9),
      ],
    })
    expect(await ask({}, { maxAnswerLength: 100 })).toMatchObject({
      finishReason: 'length',
      toolCalls: [{ name: 'WEATHER', arguments: undefined }],
    })
  })
})
