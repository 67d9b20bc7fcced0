import { describe, expect, it } from '@jest/globals'
import type { TurnTrace } from '../../api/turns-port.ts'
import { createPaint } from '../../cli/paint.ts'
import { renderTrace } from '../../cli/trace.ts'

const trace: TurnTrace = {
  turnId: 't-1',
  agentId: 'a-1',
  state: 'failed',
  code: 'model_unavailable',
  error: 'the vendor said \x1b[2J 503',
  answeredBy: null,
  replyId: 'r-1',
  reply: { text: 'Sorry.' },
  gen: 1,
  roomId: 'room-1',
  channelId: 'c-1',
  messageId: 'm-1',
  seq: 7,
  policy: 'enqueue',
  acceptedAt: 1_000,
  startedAt: 1_010,
  settledAt: 2_000,
  deadlineAt: 301_000,
  cancelRequestedAt: null,
  steps: [
    step({ step: 'admit', startedAt: 1_010, finishedAt: 1_012 }),
    step({
      step: 'decide',
      attempt: 2,
      startedAt: 1_500,
      finishedAt: null,
      error: 'took too long',
    }),
  ],
  prompts: [{ step: 'decide', gen: 1, prompt: 'You are\nAda.', state: {} }],
  modelCalls: [
    {
      step: 'decide',
      gen: 1,
      call: 1,
      attempt: 1,
      try: 1,
      vendor: 'openai',
      model: 'some-model',
      purpose: 'TEXT_LARGE',
      state: 'unknown',
      inputTokens: 812,
      outputTokens: null,
      cachedTokens: 100,
      cacheWriteTokens: null,
      cost: null,
      firstTokenMs: null,
      latencyMs: null,
      finishReason: null,
      error: null,
      errorCode: null,
    },
  ],
  cost: null,
  workflowId: 'turn:t-1:1',
  temporalUrl: 'http://127.0.0.1:8233/x',
}

function step(some: Partial<TurnTrace['steps'][number]>): TurnTrace['steps'][number] {
  const rest = {
    step: '',
    gen: 1,
    attempt: 1,
    startedAt: 0,
    finishedAt: 0,
    result: null,
    error: null,
  }
  return { ...rest, state: some.finishedAt === null ? 'pending' : 'done', ...some }
}

describe('a trace', () => {
  const text = renderTrace(trace, createPaint(false))

  it('says how the turn ended, why, and where to look further', () => {
    expect(text).toContain('Turn t-1  failed after 1000 ms')
    expect(text).toContain('model_unavailable: the vendor said ␛[2J 503')
    expect(text).toContain('http://127.0.0.1:8233/x')
  })

  it('draws each step on a common time line, with times and attempts', () => {
    const rows = text.split('\n').filter((row) => /█|░/.test(row))
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatch(/^ {2}admit {3}█·+ +\+10 ms +2 ms$/)
    expect(rows[1]).toMatch(/^ {2}decide {2}·{16}░{16} +\+500 ms +pending {2}attempt 2$/)
    expect(text).toContain('took too long')
  })

  it('shows what a model call cost, as far as that is known', () => {
    expect(text).toContain('openai/some-model for TEXT_LARGE')
    expect(text).toContain('812 tokens in (100 cached), ? out')
    expect(text).toContain('cost unknown')
  })

  it('shows prompts only when asked', () => {
    expect(text).not.toContain('You are')
    const withPrompts = renderTrace(trace, createPaint(false), { withPrompts: true })
    expect(withPrompts).toContain('Prompt of decide\nYou are\nAda.')
  })

  it('says what was left out of a prompt, and nothing where nothing was', () => {
    expect(text).not.toContain('Prompts')
    const tokens = { limit: 6112, before: 9500, after: 6001 }
    const cut = { messages: 12, documents: 3, tokens }
    const prompts = [{ step: 'decide', gen: 2, prompt: 'x', state: { cut } }]
    expect(renderTrace({ ...trace, prompts }, createPaint(false))).toContain(
      'Prompts\n  decide of generation 2  12 messages and 3 documents left out: ' +
        'it had 9500 tokens, 6112 fit into the model, 6001 were sent',
    )
  })

  it('is coloured only where colours are wanted', () => {
    expect(text).not.toContain('\x1b')
    expect(renderTrace(trace, createPaint(true))).toContain('\x1b[')
  })
})
