import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ImageInput, ModelRequest, SamplingParams } from '../../agent/models.ts'
import { KEY, quietly, REQUEST } from './conformance-request.ts'
import type { SeenRequest, StubVendor, VendorSubject } from './vendor-under-test.ts'

/** Values that occur nowhere else in a request. */
const VALUES: Required<SamplingParams> = {
  maxTokens: 321,
  temperature: 0.31,
  topP: 0.72,
  topK: 41,
  minP: 0.053,
  seed: 987_654,
  repetitionPenalty: 1.17,
  frequencyPenalty: 0.23,
  presencePenalty: 0.29,
  stopSequences: ['END-OF-IT'],
}
const PARAMS = Object.keys(VALUES) as (keyof SamplingParams)[]

const IMAGES: Readonly<Record<ImageInput['kind'], ImageInput>> = {
  bytes: { kind: 'bytes', data: Buffer.from('a picture of a cat'), mimeType: 'image/png' },
  url: { kind: 'url', url: 'https://pictures.example/cat.png' },
}
const MARKS = {
  bytes: Buffer.from('a picture of a cat').toString('base64'),
  url: 'https://pictures.example/cat.png',
}

const SCHEMA = { type: 'object', properties: { colour: { type: 'string' } }, required: ['colour'] }

/** What reaches the wire. */
export function describeRequest(subject: VendorSubject): void {
  const { name, create, start, model, sampling, offers, keyOf } = subject

  describe(`a request to ${name}`, () => {
    let stub: StubVendor
    beforeEach(async () => {
      stub = await start()
    })
    afterEach(() => stub.close())

    async function sent(more: Partial<ModelRequest> = {}): Promise<SeenRequest> {
      const vendor = create({ baseUrl: stub.baseUrl, ...(keyOf && { apiKey: KEY }) })
      await vendor.generate({ ...REQUEST, model, ...more }, quietly())
      const request = stub.requests()[0]
      if (!request) throw new Error('Nothing was sent.')
      return request
    }
    const text = ({ body }: SeenRequest): string => JSON.stringify(body)

    it('carries the system text, the prompt and the model, and is one request', async () => {
      const request = await sent()
      expect(text(request)).toContain(JSON.stringify(REQUEST.prompt).slice(1, -1))
      expect(text(request)).toContain('You are Ada.')
      expect(`${request.path} ${text(request)}`).toContain(model)
      expect(stub.requests()).toHaveLength(1)
    })

    it(keyOf ? 'shows the key, in its header only' : 'is declared to need no key', async () => {
      const request = await sent()
      expect(keyOf?.(request)).toBe(keyOf && KEY)
      expect(`${request.path} ${text(request)}`).not.toContain(KEY)
    })

    it.each(PARAMS.filter((param) => sampling[param] !== null))('carries %s', async (param) => {
      const { body } = await sent({ [param]: VALUES[param] })
      expect(at(body, sampling[param] ?? '')).toEqual(VALUES[param])
    })

    // By a loop: a list of tests may not be empty.
    for (const param of PARAMS.filter((name) => sampling[name] === null)) {
      it(`leaves out ${param}, on purpose`, async () => {
        const plain = text(await sent())
        await stub.close()
        stub = await start()
        expect(text(await sent({ [param]: VALUES[param] }))).toBe(plain)
      })
    }

    it.each(offers.images)('shows the model a picture by its %s', async (kind) => {
      expect(text(await sent({ images: [IMAGES[kind]] }))).toContain(MARKS[kind])
    })

    it('asks for JSON of a schema, where it can by the vendor’s own means', async () => {
      const request = await sent({ json: { schema: SCHEMA } })
      if (offers.jsonSchema) expect(offers.jsonSchema(request.body)).toMatchObject(SCHEMA)
      else expect(text(request)).toContain('colour')
    })

    it('asks for any JSON in another way than for a text', async () => {
      const plain = text(await sent())
      await stub.close()
      stub = await start()
      expect(text(await sent({ json: {} }))).not.toBe(plain)
    })
  })
}

/** `options.top_p` of a body. */
const at = (body: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => {
    const found = Object.entries(value ?? {}).find(([name]) => name === key)
    return found?.[1]
  }, body)
