import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import { KEY, quietly, REQUEST } from './conformance-request.ts'
import {
  SCRIPTED_ERRORS,
  type ScriptedAnswer,
  type ScriptedError,
  type StubVendor,
  type TestedLimits,
  type VendorSubject,
} from './vendor-under-test.ts'

const CODES: Readonly<Record<ScriptedError, ModelError['code']>> = {
  'bad-key': 'model_rejected',
  'unknown-model': 'model_rejected',
  'bad-request': 'model_rejected',
  'prompt-too-long': 'prompt_too_long',
  blocked: 'model_refused',
  'out-of-quota': 'model_rejected',
  'rate-limit': 'model_unavailable',
  overloaded: 'model_unavailable',
  'server-error': 'model_unavailable',
}

/** What becomes of everything that is no answer. */
export function describeFailures(subject: VendorSubject): void {
  const { name, names, create, start, model, errors, keyOf } = subject

  describe(`a failure of ${name}`, () => {
    let stub: StubVendor
    beforeEach(async () => {
      stub = await start()
    })
    afterEach(() => stub.close())

    const pieces: string[] = []
    async function failure(answer: ScriptedAnswer, limits: TestedLimits = {}): Promise<ModelError> {
      pieces.length = 0
      stub.answer(answer)
      const vendor = create({ baseUrl: stub.baseUrl, ...(keyOf && { apiKey: KEY }) }, limits)
      const onText = (delta: string) => void pieces.push(delta)
      const call = vendor.generate({ ...REQUEST, model }, { ...quietly(), onText })
      const outcome: unknown = await call.catch((error: unknown) => error)
      if (outcome instanceof ModelError) return outcome
      throw new Error(`Expected a ModelError, got ${inspect(outcome)}`)
    }
    const host = () => new URL(stub.baseUrl).host

    it.each(errors)(
      'that is %s has the right code, and the vendor is asked once',
      async (error) => {
        const { code, retryable, message } = await failure({ kind: 'error', error })
        expect({ code, retryable }).toEqual({
          code: CODES[error],
          retryable: CODES[error] === 'model_unavailable',
        })
        expect(message).toContain(`'${host()}'`)
        expect(message).toMatch(/[.:] [A-Z].*\.$/)
        expect(stub.requests()).toHaveLength(1)
      },
    )

    const hints: readonly (readonly [ScriptedError, () => string])[] = [
      ['bad-key', () => names.apiKey],
      ['unknown-model', () => names.model('TEXT_LARGE')],
      ['unknown-model', () => `'${model}'`],
      ['prompt-too-long', () => names.model('TEXT_LARGE')],
      ['out-of-quota', () => names.apiKey],
    ]
    it.each(hints.filter(([error]) => errors.includes(error)))(
      'that is %s names what to look at',
      async (error, hint) => {
        expect((await failure({ kind: 'error', error })).message).toContain(hint())
      },
    )

    it('is declared for every kind that the vendor knows', () => {
      const undeclared = SCRIPTED_ERRORS.filter((error) => !errors.includes(error))
      // Every vendor of the mission knows these.
      expect(undeclared).not.toContain('unknown-model')
      expect(undeclared).not.toContain('server-error')
      expect(undeclared.includes('bad-key')).toBe(keyOf === undefined)
    })

    it('that asks for a pause says how long', async () => {
      const error = errors.includes('rate-limit') ? 'rate-limit' : 'server-error'
      expect(await failure({ kind: 'error', error, retryAfterSeconds: 7 })).toMatchObject({
        retryable: true,
        retryAfterMs: 7_000,
      })
      expect((await failure({ kind: 'error', error })).retryAfterMs).toBeUndefined()
    })

    it.each([
      `Incorrect API key provided: ${KEY}. You can find it on our page.`,
      'Incorrect API key provided: my-ve***********0815.',
      'Incorrect API key provided: sk-proj-abc_DEF-1234567890.',
      'Incorrect API key provided: sk-ant-api03-abc_DEF-1234567890.',
      'Incorrect API key provided: AIzaabc_DEF-1234567890.',
      'Bad header: Bearer abcdefgh12345678',
      `Bad URL: https://models.example/v1?key=${KEY}`,
    ])('that echoes a key does not put it into the error: %s', async (message) => {
      const error = await failure({ kind: 'error', error: 'bad-request', message })
      const everything = inspect(error, { depth: null, showHidden: true })
      expect(everything).not.toMatch(/secret-0815|my-ve\*|0815|abc_DEF|abcdefgh/)
      expect(everything).toContain('[key]')
    })

    it('is one line of a few hundred characters, however much the vendor says', async () => {
      const message = 'no\n'.repeat(20_000)
      const error = await failure({ kind: 'error', error: 'bad-request', message })
      expect(error.message.length).toBeLessThan(700)
      expect(error.message).not.toContain('\n')
    })

    it.each([200, 404, 405])(
      'that is a web page (%i) is not asked again, and the address is doubted',
      async (status) => {
        const error = await failure({ kind: 'page', status })
        expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
        expect(error.message).toContain(names.baseUrl)
        expect(error.message).not.toContain('<')
      },
    )

    it('that is a proxy’s page with 502 is asked again, and the page is not quoted', async () => {
      const error = await failure({ kind: 'page', status: 502 })
      expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
      expect(error.message).not.toContain('<')
    })

    it('that is a document of another shape is not asked again', async () => {
      expect(await failure({ kind: 'other-json' })).toMatchObject({
        code: 'model_rejected',
        retryable: false,
      })
    })

    it.each<[string, ScriptedAnswer]>([
      ['breaks off before a byte', { kind: 'break' }],
      ['breaks off in the middle', { kind: 'text', chunks: ['So '], pauseMs: 5, ending: 'break' }],
      ['sends frames of another shape', frames('null', '{"a":7}', '"hm"', '[]')],
      ['sends frames that are no JSON', frames('{"broken')],
    ])('that %s is asked again, and once only', async (_, answer) => {
      const error = await failure(answer)
      expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
      expect(error.isUnsent).toBeUndefined()
      expect(stub.requests()).toHaveLength(1)
    })

    it('in the middle of an answer leaves what was handed out before', async () => {
      const ending = {
        error: errors.includes('overloaded') ? 'overloaded' : 'server-error',
      } as const
      const error = await failure({ kind: 'text', chunks: ['So ', 'it '], ending })
      expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
      expect(pieces.join('')).toBe('So it ')
      expect(stub.requests()).toHaveLength(1)
    })

    it('that is a line without end is read up to the limit, and hung up on', async () => {
      const error = await failure({ kind: 'endless-line' }, { maxAnswerBytes: 100_000 })
      expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
      expect(error.message).toContain('without end')
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    it('that leads to another host does not take the prompt there', async () => {
      const other = await start()
      const error = await failure({ kind: 'redirect', to: `${other.baseUrl}/elsewhere` })
      const seen = other.requests()
      await other.close()
      expect(error).toMatchObject({ code: 'model_rejected', retryable: false, status: 307 })
      expect(seen).toEqual([])
    })

    it('to answer at all is waited for, then hung up on', async () => {
      const error = await failure({ kind: 'silence' }, { firstChunkMs: 50 })
      expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
      expect(error.message).toMatch(/sent nothing for 1 s/)
      expect(error.isUnsent).toBeUndefined()
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    it('to go on is waited for, then hung up on', async () => {
      const answer = { kind: 'text', chunks: ['So '], ending: 'silence' } as const
      const error = await failure(answer, { nextChunkMs: 50 })
      expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    it('to be there is asked again, and its address is doubted', async () => {
      const { baseUrl } = stub
      await stub.close()
      const vendor = create({ baseUrl, apiKey: KEY })
      const error = await vendor.generate({ ...REQUEST, model }, quietly()).catch((e: unknown) => e)
      expect(error).toMatchObject({
        code: 'model_unavailable',
        retryable: true,
        message: expect.stringContaining(names.baseUrl),
        // The ledger then knows that nothing was billed.
        isUnsent: true,
      })
      stub = await start()
    })

    if (subject.offers.images.includes('url')) return

    it('to take the address of a picture is known before anything is sent', async () => {
      const images = [{ kind: 'url', url: 'https://pictures.example/cat.png' }] as const
      const call = create({ baseUrl: stub.baseUrl }).generate(
        { ...REQUEST, model, images },
        quietly(),
      )
      await expect(call).rejects.toMatchObject({ code: 'model_rejected', isUnsent: true })
      expect(stub.requests()).toEqual([])
    })
  })

  describe(`an address or key that ${name} cannot use`, () => {
    it.each([
      ['an address without a scheme', { baseUrl: 'localhost:11434/v1' }, () => names.baseUrl],
      ['no address at all', { baseUrl: 'nonsense' }, () => names.baseUrl],
      ['a key in the place of the address', { baseUrl: 'sk-secret-123' }, () => "'[key]'"],
      ['a password in the address', { baseUrl: 'http://me:pass@there/v1' }, () => names.baseUrl],
      ['a key with a line break', { apiKey: 'sk-abc\ndef' }, () => names.apiKey],
      ['a key with another alphabet', { apiKey: 'schlüssel' }, () => names.apiKey],
    ])('is refused before any call: %s', (_, endpoint, hint) => {
      expect(() => create(endpoint)).toThrow(
        expect.objectContaining({
          code: 'model_not_configured',
          retryable: false,
          isUnsent: true,
          message: expect.stringContaining(hint()),
        }),
      )
      expect(() => create(endpoint)).not.toThrow(/secret|:pass@|abc|schl/)
    })
  })
}

const frames = (...contents: readonly string[]): ScriptedAnswer => ({
  kind: 'other-frames',
  frames: contents,
})
