import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { ModelError } from '../../agent/errors.ts'
import { createAnthropicVendor } from '../../models/anthropic.ts'
import { startStubAnthropic } from '../support/stub-anthropic.ts'

const REQUEST = { model: 'claude-opus-5-5', purpose: 'TEXT_LARGE', prompt: 'Hello.' } as const

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that answers every request with this error. */
async function failing(status: number, error: object, headers = {}): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ type: 'error', error, request_id: 'req_1' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(() => resolve())))
  // A TCP server's address is never a string.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const errorAt = async (baseUrl: string, apiKey?: string): Promise<ModelError> =>
  createAnthropicVendor({ baseUrl, ...(apiKey !== undefined && { apiKey }) })
    .generate(REQUEST, { signal: new AbortController().signal, onText: () => undefined })
    .then(
      () => Promise.reject(new Error('It answered.')),
      (error) => error,
    )

describe('an error of Anthropic', () => {
  it.each([
    [
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000',
      'prompt_too_long',
    ],
    [413, 'request_too_large', 'Request exceeds the maximum size', 'prompt_too_long'],
    [402, 'billing_error', 'Your payment method was declined.', 'model_rejected'],
    [403, 'permission_error', 'Your API key does not have permission.', 'model_rejected'],
    [
      400,
      'invalid_request_error',
      'You have reached your specified API usage limits.',
      'model_rejected',
    ],
  ])('%d %s (%s) is final', async (status, type, message, code) => {
    const error = await errorAt(await failing(status, { type, message }), 'sk-ant-mine')
    expect(error).toMatchObject({ code, retryable: false, status })
  })

  it.each([['enforced_spend_limit_reached'], ['contract_spend_limit_reached']])(
    '429 with %s is not waited for: no second lifts it',
    async (error_code) => {
      const details = { error_code }
      const url = await failing(429, { type: 'rate_limit_error', message: 'Limit.', details })
      const error = await errorAt(url, 'sk-ant-mine')
      expect(error).toMatchObject({ code: 'model_rejected', retryable: false, status: 429 })
      expect(error.message).toContain('ANTHROPIC_API_KEY has no credit left')
    },
  )

  it('429 and 529 are waited for as long as the vendor asks', async () => {
    const busy = { type: 'rate_limit_error', message: 'Slow down.' }
    expect(await errorAt(await failing(429, busy, { 'retry-after': '7' }))).toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      retryAfterMs: 7_000,
    })
    const overloaded = { type: 'overloaded_error', message: 'Overloaded' }
    expect(await errorAt(await failing(529, overloaded))).toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      status: 529,
    })
  })

  it('413 from a proxy in front of it asks for a shorter prompt, too', async () => {
    const error = await errorAt(await failing(413, { reason: 'too big' }))
    expect(error.code).toBe('prompt_too_long')
  })

  it('without a key names the variable to set', async () => {
    const error = await errorAt(await failing(401, { type: 'authentication_error', message: 'x' }))
    expect(error.message).toContain('Set ANTHROPIC_API_KEY to a key of')
  })

  it('that echoes the key is shown without it', async () => {
    const message = 'The key sk-ant-secret-1 is revoked.'
    const url = await failing(401, { type: 'authentication_error', message })
    const error = await errorAt(url, 'sk-ant-secret-1')
    expect(`${error.message} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain(
      'secret',
    )
  })

  it.each([
    ['overloaded', 'model_unavailable', true],
    ['server-error', 'model_unavailable', true],
    ['rate-limit', 'model_unavailable', true],
    ['bad-request', 'model_rejected', false],
    ['prompt-too-long', 'prompt_too_long', false],
  ] as const)('inside a stream counts as outside of it: %s', async (error, code, retryable) => {
    const stub = await startStubAnthropic(() => ({
      kind: 'text',
      chunks: ['Hel'],
      ending: { error },
    }))
    closers.push(stub.close)
    expect(await errorAt(stub.url)).toMatchObject({ code, retryable })
  })
})
