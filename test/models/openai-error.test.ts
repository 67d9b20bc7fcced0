import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import type { ModelRequest } from '../../agent/models.ts'
import { createOpenaiVendor, type OpenaiLimits } from '../../models/openai.ts'
import { type Answer, type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

const KEY = 'my-very-own-secret-0815'

describe('a bad model endpoint', () => {
  let answer: Answer
  let stub: StubOpenai
  beforeEach(async () => {
    stub = await startStubOpenai(() => answer)
  })
  afterEach(() => stub.close())

  async function failure(
    given: Answer,
    limits: Partial<OpenaiLimits> = {},
    request: ModelRequest = REQUEST,
  ): Promise<ModelError> {
    answer = given
    return errorOf(createOpenaiVendor({ baseUrl: stub.url, apiKey: KEY }, limits), request)
  }
  const host = () => new URL(stub.url).host

  it.each([
    [500, 'model_unavailable', true],
    [502, 'model_unavailable', true],
    [503, 'model_unavailable', true],
    [529, 'model_unavailable', true],
    [408, 'model_unavailable', true],
    [409, 'model_unavailable', true],
    [429, 'model_unavailable', true],
    [400, 'model_rejected', false],
    [401, 'model_rejected', false],
    [402, 'model_rejected', false],
    [403, 'model_rejected', false],
    [404, 'model_rejected', false],
    [413, 'model_rejected', false],
    [422, 'model_rejected', false],
  ])('that answers %i is %s, retryable: %p', async (status, code, retryable) => {
    const error = await failure({
      kind: 'status',
      status,
      body: { error: { message: `vendor says ${status}` } },
    })
    expect(error).toMatchObject({ code, retryable, status })
    expect(error.message).toContain(`'${host()}'`)
    expect(error.message).toContain(`vendor says ${status}`)
  })

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '1234' }, 1_234],
    [{ 'retry-after-ms': '1234', 'retry-after': '7' }, 1_234],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('that answers 429 with %p asks for %p ms', async (headers, expected) => {
    const error = await failure({ kind: 'status', status: 429, headers })
    expect(error.retryable).toBe(true)
    expect(error.retryAfterMs).toBe(expected)
  })

  it('that names a date for the next try asks for the time until then', async () => {
    const date = new Date(Date.now() + 90_000).toUTCString()
    const error = await failure({ kind: 'status', status: 503, headers: { 'retry-after': date } })
    expect(error.retryAfterMs).toBeGreaterThan(60_000)
    expect(error.retryAfterMs).toBeLessThanOrEqual(90_000)
  })

  it('whose account is empty is not asked again, whatever the status says', async () => {
    const error = await failure({
      kind: 'status',
      status: 429,
      body: { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } },
    })
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false, status: 429 })
    expect(error.message).toMatch(/no credit left/)
  })

  it.each([
    `Incorrect API key provided: ${KEY}. You can find it on our page.`,
    'Incorrect API key provided: my-ve***********0815.',
    'Incorrect API key provided: sk-proj-abc_DEF-1234567890.',
    'Bad header: Bearer abcdefgh12345678',
    `<b>${KEY}</b>`,
  ])('that echoes a key does not put it into the error: %s', async (message) => {
    const error = await failure({ kind: 'status', status: 401, body: { error: { message } } })
    const everything = inspect(error, { depth: null, showHidden: true })
    expect(error.message).toContain('OPENAI_API_KEY')
    expect(everything).not.toMatch(/secret-0815|my-ve\*|0815|abc_DEF|abcdefgh/)
    expect(everything).toContain('[key]')
  })

  it('that does not know the model names the settings that choose it', async () => {
    const given: Answer = {
      kind: 'status',
      status: 404,
      body: { error: { message: 'no such model', code: 'model_not_found' } },
    }
    const error = await failure(given)
    expect(error.message).toMatch(/'test-model'.*Set OPENAI_LARGE_MODEL.*OPENAI_BASE_URL .*\/v1/)
    const small = await failure(given, {}, { ...REQUEST, purpose: 'TEXT_SMALL' })
    expect(small.message).toMatch(/Set OPENAI_SMALL_MODEL/)
  })

  it.each<[string, Answer]>([
    ['200', { kind: 'raw', contentType: 'text/html', body: '<!doctype html><p>Welcome</p>' }],
    ['404', page(404)],
    ['405', page(405)],
  ])('that is a web page (%s) is not asked again, and the address is doubted', async (_, given) => {
    const error = await failure(given)
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
    expect(error.message).toMatch(/OPENAI_BASE_URL .*\/v1/)
    expect(error.message).not.toMatch(/</)
  })

  it('that is a page without end is hung up on', async () => {
    await failure({ kind: 'raw', contentType: 'text/html', body: '<html>', isEndless: true })
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it('that sends a proxy’s error page with 502 is asked again, and the page is not quoted', async () => {
    const error = await failure(page(502))
    expect(error).toMatchObject({ retryable: true, status: 502 })
    expect(error.message).not.toMatch(/</)
  })

  it('that answers a whole document instead of a stream is not asked again', async () => {
    const error = await failure({ kind: 'raw', contentType: 'application/json', body: '{"a":1}' })
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
  })

  it.each<[string, Answer]>([
    ['refuses the connection in the middle of the request', { kind: 'refuse' }],
    ['cuts its answer', { kind: 'text', text: 'x'.repeat(100), cutAfterChunks: 2, tokenMs: 5 }],
    ['sends no JSON', stream('data: {"choices": [{"del\n\n')],
    ['sends JSON of another shape', stream('data: null\n\ndata: {"choices":7}\n\ndata: "hm"\n\n')],
    ['sends nothing', stream('')],
    ['ends before it begins', stream('data: [DONE]\n\n')],
  ])('that %s is asked again', async (_, given) => {
    expect(await failure(given)).toMatchObject({ code: 'model_unavailable', retryable: true })
  })

  it.each([
    [{ message: 'overloaded', type: 'server_error' }, true, 'model_unavailable'],
    [{ message: 'provider is down', code: 502 }, true, 'model_unavailable'],
    [{ message: 'too long', type: 'invalid_request_error' }, false, 'model_rejected'],
    [{ message: 'bad key', code: 401 }, false, 'model_rejected'],
    [{ message: 'empty', code: 'insufficient_quota' }, false, 'model_rejected'],
  ])('that fails inside its stream with %p, retryable: %p', async (error, retryable, code) => {
    const given = stream(`data: ${JSON.stringify({ error })}\n\n`)
    expect(await failure(given)).toMatchObject({ code, retryable })
  })

  it('that never answers is given up, and hung up on', async () => {
    const error = await failure({ kind: 'hang' }, { firstChunkMs: 50 })
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
    expect(error.message).toMatch(/sent nothing for 1 s/)
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it('that falls silent in the middle is given up, and hung up on', async () => {
    const given: Answer = { kind: 'text', text: 'x'.repeat(50), pauseAfterFirst: 60_000 }
    const error = await failure(given, { nextChunkMs: 50 })
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it('that is slow but not silent is waited for', async () => {
    answer = { kind: 'text', text: 'x'.repeat(160), tokenMs: 40 }
    const patient = createOpenaiVendor({ baseUrl: stub.url }, { nextChunkMs: 2_000 })
    expect((await patient.generate(REQUEST, quietly())).text).toHaveLength(160)
  })

  it('that is not there is asked again, and its address is doubted', async () => {
    const { url } = stub
    await stub.close()
    const error = await errorOf(createOpenaiVendor({ baseUrl: url, apiKey: KEY }), REQUEST)
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
    expect(error.message).toMatch(/cannot be reached \(ECONNREFUSED\).*OPENAI_BASE_URL/)
    stub = await startStubOpenai()
  })

  it('gets an error of at most a few lines, however much it says', async () => {
    const error = await failure({ kind: 'status', status: 400, body: 'no\n'.repeat(50_000) })
    expect(error.message.length).toBeLessThan(600)
    expect(error.message).not.toContain('\n')
  })
})

describe('an endpoint that cannot be used', () => {
  it.each([
    ['an address without a scheme', { baseUrl: 'localhost:11434/v1' }, /OPENAI_BASE_URL is 'local/],
    ['no address at all', { baseUrl: 'nonsense' }, /OPENAI_BASE_URL is 'nonsense'/],
    ['a key in the place of the address', { baseUrl: 'sk-secret-123' }, /is '\[key\]'/],
    [
      'a password in the address',
      { baseUrl: 'http://me:pw@there/v1' },
      /^(?!.*pw).*OPENAI_API_KEY/,
    ],
    ['a key with a line break', { apiKey: 'sk-abc\ndef' }, /^(?!.*abc).*OPENAI_API_KEY/],
    ['a key with another alphabet', { apiKey: 'schlüssel' }, /^(?!.*schl).*OPENAI_API_KEY/],
  ])('is refused before any call: %s', (_, endpoint, message) => {
    expect(() => createOpenaiVendor(endpoint)).toThrow(
      expect.objectContaining({
        code: 'model_not_configured',
        retryable: false,
        message: expect.stringMatching(message),
      }),
    )
  })
})

function page(status: number): Answer {
  return {
    kind: 'status',
    status,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>An error page</body></html>',
  }
}

function stream(body: string): Answer {
  return { kind: 'raw', contentType: 'text/event-stream', body }
}

async function errorOf(
  vendor: ReturnType<typeof createOpenaiVendor>,
  request: ModelRequest,
): Promise<ModelError> {
  const outcome = await vendor.generate(request, quietly()).catch((error: unknown) => error)
  if (outcome instanceof ModelError) return outcome
  throw new Error(`Expected a ModelError, got ${inspect(outcome)}`)
}
