import { beforeEach, describe, expect, it } from '@jest/globals'
import { ConflictError, ModelError, NotFoundError } from '../../agent/errors.ts'
import { type ApiApp, createApp } from '../../api/app.ts'
import type { AudioPort, Recording, SpeechWish } from '../../api/audio-port.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const ADA = stringToUuid('Ada')
const MIB = 1024 * 1024

let heard: Recording[]
let wished: SpeechWish[]
let app: ApiApp

const appWith = (audio: Partial<AudioPort> = {}) =>
  createApp(
    createFakeApi(
      {},
      {
        audio: {
          transcribe: async (_, recording) => {
            heard.push(recording)
            return Buffer.from(recording.audio).toString()
          },
          speak: async (_, wish) => {
            wished.push(wish)
            return { audio: Buffer.from(wish.text), mimeType: 'audio/mpeg' }
          },
          ...audio,
        },
      },
    ).deps,
  )

beforeEach(() => {
  heard = []
  wished = []
  app = appWith()
})

const path = (rest: string, agentId = ADA) => `/api/audio/${agentId}/${rest}`

function form(content: string | Uint8Array<ArrayBuffer>, type = 'audio/ogg', field = 'file') {
  const body = new FormData()
  body.set(field, new File([content], 'voice.ogg', { type }))
  return { method: 'POST', body }
}

const errorOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; message: string } }
  return { status: response.status, ...error }
}

describe('a recording', () => {
  it.each([
    ['transcriptions', { text: 'Hello' }],
    ['audio-messages', { transcription: 'Hello', message: expect.any(String) }],
  ])('is written down: %s', async (route, data) => {
    const response = await app.request(path(route), form('Hello', 'audio/ogg; codecs=opus'))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ success: true, data })
    expect(heard).toMatchObject([{ mimeType: 'audio/ogg' }])
  })

  it('may be larger than any other body', async () => {
    const response = await app.request(path('transcriptions'), form(new Uint8Array(3 * MIB)))
    expect(response.status).toBe(200)
    expect(heard[0]?.audio).toHaveLength(3 * MIB)
  })

  it.each([25 * MIB + 1, 26 * MIB])('of %i bytes is too large', async (bytes) => {
    const response = await app.request(path('transcriptions'), form(new Uint8Array(bytes)))
    expect(await errorOf(response)).toMatchObject({ status: 413, code: 'FILE_TOO_LARGE' })
    expect(heard).toEqual([])
  })

  it('is refused by its length before it is read', async () => {
    const endless = new ReadableStream({
      pull: () => {
        throw new Error('It was read.')
      },
    })
    const headers = {
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': String(10 ** 9),
    }
    const request = new Request(`http://localhost${path('transcriptions')}`, {
      ...{ method: 'POST', headers, body: endless, duplex: 'half' },
    } as RequestInit)
    expect(await errorOf(await app.request(request))).toMatchObject({ code: 'FILE_TOO_LARGE' })
  })

  it.each<[string, RequestInit, string]>([
    ['no recording', form('x', 'text/html'), 'INVALID_FILE_TYPE'],
    ['a type nobody named', form('x', ''), 'INVALID_FILE_TYPE'],
    ['nothing', form(''), 'INVALID_REQUEST'],
    ['another field', form('x', 'audio/ogg', 'audio'), 'INVALID_REQUEST'],
    ['a JSON body', json({ file: 'x' }), 'INVALID_REQUEST'],
    ['no body', { method: 'POST' }, 'INVALID_REQUEST'],
    [
      'half a form',
      {
        method: 'POST',
        body: '--x',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
      },
      'INVALID_REQUEST',
    ],
    [
      'another body',
      { method: 'POST', body: 'x', headers: { 'content-type': 'audio/ogg' } },
      'INVALID_CONTENT_TYPE',
    ],
  ])('that is %s is refused', async (_, request, code) => {
    const refused = await errorOf(await app.request(path('transcriptions'), request))
    expect(refused).toMatchObject({ status: 400, code })
    expect(heard).toEqual([])
  })

  it('goes nowhere else: other routes take JSON only', async () => {
    const response = await app.request('/api/agents', form('x'))
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'INVALID_CONTENT_TYPE' })
    const speech = await app.request(path('speech/generate'), form('x'))
    expect(await errorOf(speech)).toMatchObject({ status: 400, code: 'INVALID_CONTENT_TYPE' })
  })
})

describe('a text', () => {
  it.each(['speech/generate', 'audio-messages/synthesize'])(
    'is said, as sound and nothing else: %s',
    async (route) => {
      const wish = { text: 'Good morning!', voice: 'nova', speed: 1.5 }
      const response = await app.request(path(route), json(wish))
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('audio/mpeg')
      expect(response.headers.get('content-length')).toBe('13')
      expect(await response.text()).toBe('Good morning!')
      expect(wished).toEqual([wish])
    },
  )

  it.each([
    [{}, 'text'],
    [{ text: ' ' }, 'text'],
    [{ text: 'x'.repeat(4_097) }, 'text'],
    [{ text: 'x', speed: 9 }, 'speed'],
    [{ text: 'x', voice: '' }, 'voice'],
  ])('is refused by the name of the field: %j', async (wish, field) => {
    const refused = await errorOf(await app.request(path('speech/generate'), json(wish)))
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_REQUEST' })
    expect(refused.message).toContain(`Invalid ${field}: `)
  })

  it('is refused without an agent', async () => {
    const response = await app.request(path('speech/generate', 'ada'), json({ text: 'x' }))
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'INVALID_ID' })
  })
})

describe('a model that is busy', () => {
  it.each([
    [429, 2_400, '3'],
    [503, 30_000, '30'],
    [503, 0, '1'],
    [503, undefined, '5'],
    [429, undefined, null],
  ])('is answered %i, with when to come back: %s ms', async (status, retryAfterMs, header) => {
    const busy = { code: 'model_unavailable', retryable: true, status, retryAfterMs } as const
    app = appWith({ speak: async () => Promise.reject(new ModelError('It is busy.', busy)) })
    const response = await app.request(path('speech/generate'), json({ text: 'x' }))
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(header)
  })
})

const modelError = (code: ModelError['code'], status?: number) =>
  new ModelError('Set OPENAI_API_KEY.', { code, retryable: false, ...(status ? { status } : {}) })

describe('a model that cannot', () => {
  it.each<[Error, number, string]>([
    [modelError('model_not_configured'), 501, 'MODEL_NOT_CONFIGURED'],
    [modelError('budget_exhausted'), 429, 'BUDGET_EXHAUSTED'],
    [modelError('model_unavailable'), 503, 'MODEL_ERROR'],
    [modelError('model_unavailable', 429), 429, 'MODEL_ERROR'],
    [modelError('model_rejected', 400), 502, 'MODEL_ERROR'],
    [new NotFoundError('agent', ADA), 404, 'NOT_FOUND'],
    [new ConflictError('The agent is stopped.', 'agent_stopped'), 409, 'AGENT_STOPPED'],
  ])('is named, with what to do: %s', async (error, status, code) => {
    const fails = async () => Promise.reject(error)
    app = appWith({ transcribe: fails, speak: fails })
    for (const asked of [
      app.request(path('transcriptions'), form('x')),
      app.request(path('speech/generate'), json({ text: 'x' })),
    ]) {
      expect(await errorOf(await asked)).toMatchObject({ status, code, message: error.message })
    }
  })
})
