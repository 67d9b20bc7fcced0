import { describe, expect, it } from '@jest/globals'
import { workContext } from '../../activities/work-context.ts'
import { ModelAnswerError, ModelError } from '../../agent/errors.ts'
import type { ModelVendor } from '../../agent/models.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { failureOf, runningTurn } from '../support/fake-step.ts'
import { type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const STEP = 'runAction:0'
const usage = { inputTokens: 10, outputTokens: 0 }

/** What an action of a running turn may ask of a vendor that offers so much. */
async function prepare(offers: Partial<ModelVendor>, ...answers: readonly ScriptedAnswer[]) {
  const vendor = { ...scriptedVendor(...answers), ...offers }
  const ports = fakePorts({ vendor })
  const { turnId, gen } = await runningTurn(ports)
  const open = async (number: number) => {
    const attempt = { turnId, gen, runId: 'run-1', attempt: number, token: `run-1/1/${number}` }
    await ports.journal.claim(attempt, { step: STEP, beforeSettle: true })
    const turn = await ports.turns.load({ turnId, gen })
    if (!turn) throw new Error('The turn runs.')
    const { signal } = new AbortController()
    const opened = { turn, agent: ports.agent }
    return workContext(ports, opened, { attempt, step: STEP, signal }).context
  }
  const calls = () => ports.rows.calls.map(({ call, state }) => [call.purpose, call.call, state])
  return { ports, open, calls }
}

describe('an action that asks models for more than text', () => {
  it('gets a JSON value, also out of a code block', async () => {
    const { open, calls } = await prepare({}, '```json\n{"city": "Oslo"}\n```')
    const { models } = await open(1)
    expect(await models.object('OBJECT_SMALL', { prompt: 'Where?' })).toEqual({ city: 'Oslo' })
    expect(calls()).toEqual([['OBJECT_SMALL', 1, 'complete']])
  })

  it('asks once more for JSON, and then says what was wrong', async () => {
    const { open, calls } = await prepare({}, 'I would rather talk about it.')
    const { models } = await open(1)
    const failure = await failureOf(models.object('OBJECT_LARGE', { prompt: 'Where?' }))
    expect(failure).toBeInstanceOf(ModelAnswerError)
    expect(failure).toMatchObject({ code: 'model_answer_unreadable' })
    expect(calls()).toEqual([
      ['OBJECT_LARGE', 1, 'complete'],
      ['OBJECT_LARGE', 2, 'complete'],
    ])
  })

  it('gets vectors, pictures, words and sound, each with a row of its own', async () => {
    const { open, calls } = await prepare({
      embed: async ({ texts }) => ({ vectors: texts.map((t) => [t.length]), usage, cost: null }),
      draw: async () => ({ images: [{ url: 'https://pictures.test/1.png' }], usage, cost: 0.04 }),
      transcribe: async () => ({ text: ' Hello. ', finishReason: 'stop', usage, cost: null }),
      speak: async () => ({
        audio: new Uint8Array([1]),
        mimeType: 'audio/mpeg',
        usage,
        cost: null,
      }),
    })
    const { models } = await open(1)
    expect(await models.embed(['a', 'bc'])).toEqual([[1], [2]])
    expect(await models.draw({ prompt: 'a fox' })).toEqual([{ url: 'https://pictures.test/1.png' }])
    const recording = { audio: new Uint8Array([1]), mimeType: 'audio/ogg' }
    expect(await models.transcribe(recording)).toBe('Hello.')
    expect(await models.speak({ text: 'Hello.' })).toMatchObject({ mimeType: 'audio/mpeg' })
    expect(calls()).toEqual([
      ['TEXT_EMBEDDING', 1, 'complete'],
      ['IMAGE', 2, 'complete'],
      ['TRANSCRIPTION', 3, 'complete'],
      ['TEXT_TO_SPEECH', 4, 'complete'],
    ])
  })

  it('pays for a picture once when the step is repeated', async () => {
    let drawn = 0
    const { open } = await prepare({
      async draw() {
        drawn += 1
        return { images: [{ url: `https://pictures.test/${drawn}.png` }], usage, cost: null }
      },
    })
    const first = await (await open(1)).models.draw({ prompt: 'a fox' })
    expect(await (await open(2)).models.draw({ prompt: 'a fox' })).toEqual(first)
    expect(drawn).toBe(1)
  })

  it('is told by name what its vendor does not offer', async () => {
    const { open } = await prepare({})
    const { models } = await open(1)
    const failure = await failureOf(models.speak({ text: 'Hello.' }))
    expect(failure).toBeInstanceOf(ModelError)
    expect(failure).toMatchObject({ code: 'model_not_configured', retryable: false })
    expect(String(failure)).toContain('TEXT_TO_SPEECH')
  })
})
