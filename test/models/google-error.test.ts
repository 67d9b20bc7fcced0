import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import type { ModelRequest } from '../../agent/models.ts'
import { createGoogleVendor } from '../../models/google.ts'
import { googleRefusal } from '../../models/google-error.ts'
import { type StubGoogle, startStubGoogle } from '../support/stub-google.ts'
import { quietly } from './vendor-conformance.ts'

const KEY = 'AIzaSy-my-very-own-secret-0815'
const REQUEST: ModelRequest = {
  model: 'gemini-test',
  purpose: 'TEXT_LARGE',
  system: 'You are Ada.',
  prompt: 'Say something.',
}

let stub: StubGoogle
beforeEach(async () => {
  stub = await startStubGoogle()
})
afterEach(() => stub.close())

const ask = (request: Partial<ModelRequest> = {}) =>
  createGoogleVendor({ baseUrl: stub.baseUrl, apiKey: KEY }).generate(
    { ...REQUEST, ...request },
    quietly(),
  )

async function failure(call: Promise<unknown>): Promise<ModelError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ModelError) return error
  throw new Error(`Expected a ModelError, got ${inspect(error)}`)
}

describe('an error of Google', () => {
  it.each([
    [37, 37_000],
    [0.25, 250],
  ])('asks in its details for a wait of %p s', async (retryAfterSeconds, expected) => {
    stub.answer({ kind: 'error', error: 'rate-limit', retryAfterSeconds })
    expect(await failure(ask())).toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      status: 429,
      retryAfterMs: expected,
    })
  })

  it('about a limit per day is not worth another try today', async () => {
    stub.answer({ kind: 'error', error: 'out-of-quota', retryAfterSeconds: 5 })
    const error = await failure(ask())
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false, status: 429 })
    expect(error.message).toContain('GOOGLE_GENERATIVE_AI_API_KEY')
  })

  it('about the key names the variable, and never shows the key', async () => {
    const message = `API key not valid: ${KEY}`
    stub.answer({ kind: 'error', error: 'bad-key', message })
    const error = await failure(ask())
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false, status: 400 })
    expect(error.message).toMatch(/Check that GOOGLE_GENERATIVE_AI_API_KEY is a valid key/)
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('secret-0815')
  })

  it('about a prompt that is too long says so', async () => {
    stub.answer({ kind: 'error', error: 'prompt-too-long' })
    expect(await failure(ask())).toMatchObject({ code: 'prompt_too_long', retryable: false })
  })

  it('in the middle of a stream counts by its own status', async () => {
    const text = { kind: 'text', chunks: ['One ', 'two'] } as const
    stub.answer({ ...text, ending: { error: 'overloaded' } })
    expect(await failure(ask())).toMatchObject({ retryable: true, status: 503 })
    stub.answer({ ...text, ending: { error: 'bad-request' } })
    expect(await failure(ask())).toMatchObject({ code: 'model_rejected', status: 400 })
  })

  it('is understood as a list, which streams that are no events begin with', () => {
    const error = { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slower, please.' }
    const read = googleRefusal(JSON.stringify([{ error }]))
    expect(read).toMatchObject({ message: 'Slower, please.', type: 'RESOURCE_EXHAUSTED' })
  })

  it('about a stream that cannot be read quotes none of it', async () => {
    stub.answer({ kind: 'other-frames', frames: ['the secret plan'] })
    const error = await failure(ask())
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
    expect(inspect(error, { depth: null })).not.toContain('secret plan')
  })

  it('about a name that would change the address names the setting', async () => {
    const error = await failure(ask({ model: '../files?x=1', purpose: 'TEXT_SMALL' }))
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false, isUnsent: true })
    expect(error.message).toContain('GOOGLE_SMALL_MODEL')
    expect(stub.requests()).toEqual([])
  })
})
