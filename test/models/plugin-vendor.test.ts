import { describe, expect, it } from '@jest/globals'
import type { ModelHandler, ModelPurpose } from '../../agent/models.ts'
import { pluginVendor } from '../../models/plugin-vendor.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

const vendorOf = (handler: ModelHandler['handler'], purpose: ModelPurpose = 'TEXT_LARGE') =>
  pluginVendor({ plugin: 'acme', purpose, priority: 0, handler })

const options = () => {
  const deltas: string[] = []
  const abort = new AbortController()
  return { deltas, abort, signal: abort.signal, onText: (delta: string) => deltas.push(delta) }
}

const ask = (handler: ModelHandler['handler'], purpose: ModelPurpose = 'TEXT_LARGE') =>
  vendorOf(handler, purpose).generate({ ...REQUEST, purpose: 'TEXT_LARGE' }, quietly())

async function* pieces(...texts: string[]) {
  for (const text of texts) yield text
}

describe('a plugin’s model that writes', () => {
  it('is given ElizaOS’s parameters', async () => {
    let given: unknown
    const handler = async (params: unknown) => {
      given = params
      return 'text'
    }
    const request = { ...REQUEST, system: 'Be brief.', prompt: 'Hi', temperature: 0.5 }
    await vendorOf(handler).generate({ ...request, stopSequences: ['END'] }, quietly())
    expect(given).toEqual({
      ...{ prompt: 'Be brief.\n\nHi', temperature: 0.5, stopSequences: ['END'], stream: true },
    })
  })

  it('may answer with a text', async () => {
    const { deltas, ...rest } = options()
    const result = await vendorOf(async () => 'Hello.').generate(REQUEST, rest)
    expect(result).toEqual({ text: 'Hello.', finishReason: 'stop', cost: null })
    expect(deltas).toEqual(['Hello.'])
  })

  it('may answer with a stream, whose usage is read', async () => {
    const { deltas, ...rest } = options()
    const handler = async () => ({
      textStream: pieces('Hel', 'lo.'),
      text: Promise.resolve('Hello.'),
      usage: Promise.resolve({ inputTokens: 7, outputTokens: 2, cachedInputTokens: 3 }),
      finishReason: Promise.resolve('length'),
    })
    expect(await vendorOf(handler).generate(REQUEST, rest)).toEqual({
      ...{ text: 'Hello.', finishReason: 'length', cost: null },
      usage: { inputTokens: 7, outputTokens: 2, cachedTokens: 3 },
    })
    expect(deltas).toEqual(['Hel', 'lo.'])
  })

  it('has failed when its stream ends without a word and its promises reject', async () => {
    const lost: unknown[] = []
    const note = (reason: unknown) => lost.push(reason)
    process.on('unhandledRejection', note)
    const handler = async () => ({
      textStream: pieces(),
      text: Promise.reject(new Error('No output')),
      usage: Promise.reject(new Error('No output')),
      finishReason: Promise.reject(new Error('No output')),
    })
    await expect(ask(handler)).rejects.toMatchObject({
      ...{ name: 'ModelError', code: 'model_unavailable', retryable: true },
      message: "The plugin 'acme' failed to answer TEXT_LARGE: No output",
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(lost).toEqual([])
  })

  it('has failed when it throws; a key in its words is not shown', async () => {
    const failure = ask(async () => {
      throw new Error('401 for sk-proj-canary')
    })
    await expect(failure).rejects.toMatchObject({ code: 'model_unavailable' })
    await expect(failure).rejects.not.toThrow(/canary/)
  })

  it('is billed by what its handler says of its vendor, where the answer itself says nothing', async () => {
    const vendor = vendorOf(async (_, { onUsage }) => {
      onUsage?.({ inputTokens: 5, outputTokens: 1 })
      onUsage?.({ inputTokens: 0, outputTokens: -1 }) // no vendor counts so
      onUsage?.({ inputTokens: 2, outputTokens: 1, cachedTokens: 1 })
      return 'Hello.'
    })
    expect(await vendor.generate(REQUEST, quietly())).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 2, cachedTokens: 1 },
    })
  })

  it('leaves no rejection behind when its stream comes after the call was given up', async () => {
    const lost: unknown[] = []
    const note = (reason: unknown) => lost.push(reason)
    process.on('unhandledRejection', note)
    const { abort, deltas: _, ...rest } = options()
    const late = Promise.withResolvers<unknown>()
    const given = vendorOf(() => late.promise).generate(REQUEST, rest)
    abort.abort(new Error('cancelled'))
    await expect(given).rejects.toThrow('cancelled')
    const lostPart = () => Promise.reject(new Error('No output'))
    late.resolve({
      textStream: pieces(),
      text: lostPart(),
      usage: lostPart(),
      finishReason: lostPart(),
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(lost).toEqual([])
  })

  it.each([null, undefined, 7, '', true, { text: 'Hi' }, []])(
    'has failed when it answers %p',
    async (answer) => {
      await expect(ask(async () => answer)).rejects.toMatchObject({
        ...{ code: 'model_rejected', retryable: false },
        message: expect.stringContaining("The plugin 'acme' answered TEXT_LARGE in a shape"),
      })
    },
  )

  it('is left when the call is aborted, also when it never answers', async () => {
    const { abort, deltas: _, ...rest } = options()
    const silent = vendorOf(() => new Promise(() => undefined)).generate(REQUEST, rest)
    const hanging = async () => ({
      textStream: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) },
    })
    const stuck = vendorOf(hanging).generate(REQUEST, rest)
    const reason = new Error('cancelled')
    abort.abort(reason)
    await expect(silent).rejects.toBe(reason)
    await expect(stuck).rejects.toBe(reason)
  })
})

describe('a plugin’s model of another type', () => {
  it('answers OBJECT_LARGE with an object', async () => {
    const result = await ask(async () => ({ name: 'Ada' }), 'OBJECT_LARGE')
    expect(JSON.parse(result.text)).toEqual({ name: 'Ada' })
  })

  it('describes a picture that it is given as a URL', async () => {
    let given: unknown
    const handler = async (params: unknown) => {
      given = params
      return { title: 'A <cat>', description: 'It sleeps.' }
    }
    const image = { kind: 'bytes', data: Buffer.from('png'), mimeType: 'image/png' } as const
    const vendor = vendorOf(handler, 'IMAGE_DESCRIPTION')
    const request = { ...REQUEST, purpose: 'IMAGE_DESCRIPTION', prompt: 'What?' } as const
    const { text } = await vendor.generate({ ...request, images: [image] }, quietly())
    expect(given).toEqual({
      ...{ prompt: 'You are Ada.\n\nWhat?', imageUrl: 'data:image/png;base64,cG5n' },
    })
    expect(text).toBe(
      '<response><title>A  cat</title><description>It sleeps.</description></response>',
    )
  })

  it('embeds text by text', async () => {
    const vendor = vendorOf(async (params) => [JSON.stringify(params).length, 1], 'TEXT_EMBEDDING')
    const { vectors } = (await vendor.embed?.({ model: '', texts: ['a', 'bb'] }, quietly())) ?? {}
    expect(vectors).toEqual([
      [12, 1],
      [13, 1],
    ])
  })

  it.each([null, [], ['1'], [Number.NaN], { embedding: [1] }])(
    'has not embedded when it answers %p',
    async (answer) => {
      const vendor = vendorOf(async () => answer, 'TEXT_EMBEDDING')
      await expect(vendor.embed?.({ model: '', texts: ['a'] }, quietly())).rejects.toThrow(
        /'acme' answered TEXT_EMBEDDING .* expected a list of numbers/,
      )
    },
  )

  it('draws, and has not drawn when it answers no addresses', async () => {
    const draw = (answer: unknown) =>
      vendorOf(async () => answer, 'IMAGE').draw?.({ model: '', prompt: 'A cat' }, quietly())
    const images = [{ url: 'https://pictures.example/1.png' }]
    expect(await draw(images)).toEqual({ images, cost: null })
    await expect(draw([{ url: 'file:///etc/passwd' }])).rejects.toThrow(/'acme' answered IMAGE/)
  })

  it('hears', async () => {
    const handler = async (params: unknown) => (Buffer.isBuffer(params) ? `${params}` : '')
    const request = { model: '', audio: Buffer.from('sound'), mimeType: 'audio/ogg' }
    const result = await vendorOf(handler, 'TRANSCRIPTION').transcribe?.(request, quietly())
    expect(result?.text).toBe('sound')
  })

  it('speaks in bytes or in a stream of them', async () => {
    const speak = (answer: unknown) =>
      vendorOf(async () => answer, 'TEXT_TO_SPEECH').speak?.({ model: '', text: 'Hi' }, quietly())
    const wav = Buffer.from('RIFFsound')
    expect(await speak(wav)).toMatchObject({ audio: wav, mimeType: 'audio/wav' })
    async function* stream() {
      yield Buffer.from('ID3')
      yield Buffer.from('mp3')
    }
    const streamed = await speak(stream())
    expect(Buffer.from(streamed?.audio ?? []).toString()).toBe('ID3mp3')
    expect(streamed?.mimeType).toBe('audio/mpeg')
    await expect(speak('no bytes')).rejects.toThrow(/expected bytes/)
  })
})
