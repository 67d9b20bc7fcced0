import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ModelResult, ToolCall } from '../../agent/models.ts'
import { createOpenaiVendor, type OpenaiLimits } from '../../models/openai.ts'
import { startStubOpenaiVendor } from '../support/stub-openai-vendor.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'
import type { StubVendor } from './vendor-under-test.ts'

describe('tool calls in a stream of OpenAI’s wire', () => {
  let stub: StubVendor
  beforeEach(async () => {
    stub = await startStubOpenaiVendor()
  })
  afterEach(() => stub.close())

  const ask = (limits: Partial<OpenaiLimits> = {}): Promise<ModelResult> =>
    createOpenaiVendor({ baseUrl: stub.baseUrl }, limits).generate(REQUEST, quietly())

  /** Frames with one delta each, and an end. */
  function stream(deltas: readonly unknown[], finish: string | null = 'tool_calls'): void {
    const choices = deltas.map((tool_calls) => ({ index: 0, delta: { tool_calls } }))
    const end = { index: 0, delta: {}, finish_reason: finish }
    const frames = [...choices, end].map((choice) => JSON.stringify({ choices: [choice] }))
    stub.answer({ kind: 'other-frames', frames })
  }

  async function callsIn(...deltas: readonly unknown[]): Promise<readonly ToolCall[] | undefined> {
    stream(deltas)
    return (await ask()).toolCalls
  }
  const call = (name: string, json?: string) => ({ function: { name, arguments: json } })

  it('are told apart by their index, even when their pieces alternate', async () => {
    expect(
      await callsIn(
        [
          { index: 0, id: 'a', ...call('one', '') },
          { index: 1, id: 'b', ...call('two', '') },
        ],
        [{ index: 1, function: { arguments: '{"n"' } }],
        [{ index: 0, function: { arguments: '{"n":1}' } }],
        [{ index: 1, function: { arguments: ':2}' } }],
      ),
    ).toEqual([
      { name: 'one', arguments: { n: 1 } },
      { name: 'two', arguments: { n: 2 } },
    ])
  })

  it('are told apart by their id where every index is 0, as some copies have it', async () => {
    expect(
      await callsIn(
        [{ index: 0, id: 'a', ...call('one', '{}') }],
        [{ index: 0, id: 'b', ...call('two', '{}') }],
      ),
    ).toEqual([
      { name: 'one', arguments: {} },
      { name: 'two', arguments: {} },
    ])
  })

  it('go on with the last one where there is no index', async () => {
    expect(
      await callsIn([{ id: 'a', ...call('one', '{"n"') }], [{ function: { arguments: ':1}' } }]),
    ).toEqual([{ name: 'one', arguments: { n: 1 } }])
  })

  it.each([
    ['a list', '[1]'],
    ['a number', '7'],
    ['null', 'null'],
    ['half of an object', '{"n": 1'],
    ['more depth than can be read', `{"n":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['words', 'Sam'],
  ])('with %s for arguments have none that can be used', async (_, json) => {
    expect(await callsIn([{ index: 0, ...call('one', json) }])).toEqual([
      { name: 'one', arguments: undefined },
    ])
  })

  it('without a word of arguments have an empty object', async () => {
    expect(await callsIn([{ index: 0, ...call('one') }])).toEqual([{ name: 'one', arguments: {} }])
  })

  it('without a name, or that are none at all, are left out', async () => {
    const deltas = [[{ index: 0, function: { arguments: '{}' } }], null, 'x', [null, 7], {}]
    expect(await callsIn(...deltas)).toBeUndefined()
  })

  it.each([
    ['stop', 'tool-calls'],
    ['tool_calls', 'tool-calls'],
    ['length', 'length'],
    [null, 'unknown'],
  ])('that end with %p are known to have ended with %p', async (finish, expected) => {
    stream([[{ index: 0, ...call('one', '{}') }]], finish)
    expect((await ask()).finishReason).toBe(expected)
  })

  it('without end are read up to the limit', async () => {
    stream(Array.from({ length: 50 }, () => [{ index: 0, ...call('one', 'x'.repeat(100)) }]))
    expect(await ask({ maxAnswerLength: 1_000 })).toMatchObject({
      finishReason: 'length',
      toolCalls: [{ name: 'one', arguments: undefined }],
    })
  })
})
