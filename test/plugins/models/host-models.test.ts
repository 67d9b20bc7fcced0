import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { buildAgent } from '../../../agent/build-agent.ts'
import type { ModelCalls, WorkContext } from '../../../agent/context.ts'
import { ModelError } from '../../../agent/errors.ts'
import type { Plugin } from '../../../agent/plugin.ts'
import { createHostModels } from '../../../plugins/models/host-models.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import { currentScope, inScope, type MemberScope, type TurnScope } from '../../../plugins/scope.ts'

interface Asked {
  readonly where: string
  readonly what: string
  readonly of: unknown
}

const PNG = Buffer.from('\x89PNG\r\n', 'latin1')

function house({ plugins = [] as Plugin[], json = {} as never } = {}) {
  const asked: Asked[] = []
  const callsOf = (where: string): ModelCalls => {
    const note = (what: string, of: unknown) => {
      // Our own clients must not be taken for the plugin.
      expect(currentScope()).toBeUndefined()
      asked.push({ where, what, of })
    }
    return {
      async generate(purpose, params) {
        note(purpose, params)
        if (where === 'asking groq') {
          throw new ModelError('', { code: 'model_not_configured', retryable: false })
        }
        return purpose === 'IMAGE_DESCRIPTION'
          ? '<response><title>A cat</title><description>It sleeps.</description></response>'
          : 'Hello.'
      },
      models: {
        async object(purpose, params) {
          note(purpose, params)
          return json
        },
        async embed(texts) {
          note('embed', texts)
          return texts.map((text) => [text.length, 1])
        },
        async draw(drawing) {
          note('draw', drawing)
          return [{ url: 'data:image/png;base64,cG5n' }]
        },
        async transcribe({ audio, mimeType }) {
          note('transcribe', mimeType)
          return `${audio.length} bytes`
        },
        async speak(speech) {
          note('speak', speech)
          return { audio: Buffer.from('mp3'), mimeType: 'audio/mpeg' }
        },
      },
    }
  }
  const askable = (where: string) => ({
    ...callsOf(where),
    asking: (vendor: string) => callsOf(`asking ${vendor}`),
  })
  const agent = buildAgent('agent', { name: 'Ada', bio: 'x', system: 'Be kind.' }, {}, plugins)
  const models = createHostModels({
    agent: () => agent,
    outside: askable('outside'),
    tokenizer: {
      encode: async (text, purpose) => [text.length, purpose.length],
      decode: async (tokens) => tokens.join(),
    },
    media: {
      fetch: async (url) => ({
        data: url.endsWith('png') ? PNG : Buffer.from('OggS'),
        mimeType: 'application/octet-stream',
      }),
    },
    guard: {
      host(url) {
        if (url.hostname === 'localhost') throw new PluginError('acme', 'may not reach localhost')
      },
    },
    offers: (purpose) => purpose !== 'IMAGE',
    handler: (type) => (type === 'VIDEO' ? async (params) => ({ seen: params }) : undefined),
  })
  return { ...models, asked, askable }
}

describe('runtime.useModel', () => {
  it.each(['TEXT_LARGE', 'MEDIUM', 'LARGE'])('writes by our models for %s', async (type) => {
    const { use, asked } = house()
    const params = {
      ...{ prompt: 'Hi', temperature: 0.2, maxTokens: 9, topK: 'many', minTokens: 1, user: 'u' },
      ...{ stopSequences: ['END'], responseFormat: { type: 'json_object' } },
    }
    expect(await use(type, params, undefined)).toBe('Hello.')
    expect(asked).toEqual([
      {
        ...{ where: 'outside', what: 'TEXT_LARGE' },
        of: {
          ...{ prompt: 'Hi', system: 'Be kind.', temperature: 0.2, maxTokens: 9 },
          ...{ stopSequences: ['END'], json: {} },
        },
      },
    ])
  })

  it('leaves the character’s system prompt to plugins that put it there themselves', async () => {
    const handler = async () => 'x'
    const acme = { name: 'acme', description: '', models: { TEXT_SMALL: handler } }
    const { use, asked } = house({ plugins: [acme] })
    await use('TEXT_SMALL', { prompt: 'Hi' }, undefined)
    expect(asked[0]?.of).toEqual({ prompt: 'Hi' })
    await use('TEXT_SMALL', { prompt: 'Hi' }, 'acme')
    expect(asked[1]?.where).toBe('asking plugin:acme')
  })

  it('asks the vendor that is named, and the agent’s own where that is not set up', async () => {
    const { use, asked } = house()
    expect(await use('REASONING_LARGE', { prompt: 'Hi' }, 'groq')).toBe('Hello.')
    await use('TEXT_REASONING_SMALL', { prompt: 'Hi' }, 'nobody')
    expect(asked.map(({ where, what }) => `${where} ${what}`)).toEqual([
      ...['asking groq REASONING_LARGE', 'outside REASONING_LARGE', 'outside REASONING_SMALL'],
    ])
  })

  it('gives a listener the text, once it is complete', async () => {
    const chunks: unknown[] = []
    const onStreamChunk = (chunk: string) => chunks.push(chunk)
    await house().use('TEXT_SMALL', { prompt: 'Hi', stream: true, onStreamChunk }, undefined)
    expect(chunks).toEqual(['Hello.'])
  })

  it.each([
    ['a text', 'four', [4, 1]],
    ['{ text }', { text: 'four' }, [4, 1]],
    [
      '{ texts }',
      { texts: ['a', 'bb'] },
      [
        [1, 1],
        [2, 1],
      ],
    ],
    ['null, to learn the length', null, [9, 1]],
  ])('embeds %s', async (_, params, vector) => {
    expect(await house().use('TEXT_EMBEDDING', params, undefined)).toEqual(vector)
  })

  it('learns the length of vectors once', async () => {
    const { use, asked } = house()
    await use('TEXT_EMBEDDING', null, undefined)
    await use('TEXT_EMBEDDING', undefined, undefined)
    expect(asked).toHaveLength(1)
  })

  it('draws, speaks, and counts tokens by our own tokenizer', async () => {
    const { use, asked } = house()
    expect(await use('IMAGE', { prompt: 'A cat', n: 2, size: '1x1' }, undefined)).toEqual([
      { url: 'data:image/png;base64,cG5n' },
    ])
    expect(asked[0]?.of).toEqual({ prompt: 'A cat', size: '1x1', count: 2 })
    expect(await use('TEXT_TO_SPEECH', 'Hi', undefined)).toEqual(Buffer.from('mp3'))
    const encoded = await use('TEXT_TOKENIZER_ENCODE', { prompt: 'four' }, undefined)
    expect(encoded).toEqual([4, 'TEXT_LARGE'.length])
    expect(await use('TEXT_TOKENIZER_DECODE', { tokens: [1, 2] }, undefined)).toBe('1,2')
  })

  it.each([
    ['bytes', Buffer.from('RIFFx'), 'audio/wav'],
    ['an address', 'https://a.example/x.ogg', 'audio/ogg'],
    ['{ audioUrl }', { audioUrl: 'https://a.example/x' }, 'audio/ogg'],
    ['a Blob', new Blob(['x'], { type: 'audio/mp4' }), 'audio/mp4'],
  ])('hears %s', async (_, params, type) => {
    const { use, asked } = house()
    expect(await use('TRANSCRIPTION', params, undefined)).toMatch(/bytes/)
    expect(asked[0]?.of).toBe(type)
  })

  it('describes pictures, and none that the plugin may not reach', async () => {
    const { use } = house()
    const described = { title: 'A cat', description: 'It sleeps.' }
    expect(await use('IMAGE_DESCRIPTION', 'https://a.example/x.png', undefined)).toEqual(described)
    const asked = { imageUrl: 'https://a.example/x.png', prompt: 'What?' }
    expect(await use('IMAGE_DESCRIPTION', asked, undefined)).toEqual(described)
    await expect(use('IMAGE_DESCRIPTION', 'http://localhost/x', undefined)).rejects.toThrow(
      /may not reach localhost/,
    )
    await expect(use('IMAGE_DESCRIPTION', 'https://a.example/x', undefined)).rejects.toMatchObject({
      ...{ name: 'ModelError', code: 'model_rejected' },
      message: expect.stringContaining('it is no PNG, JPEG, GIF or WebP picture'),
    })
  })

  it.each([
    ['an object', { schema: { type: 'object' } }, { a: 1 }, { a: 1 }],
    ['a list', { output: 'array', schema: { type: 'string' } }, { elements: ['a'] }, ['a']],
    ['a list that heeds no schema', { output: 'array' }, ['a'], ['a']],
    ['a choice', { output: 'enum', enumValues: ['a', 'b'] }, { result: 'b' }, 'b'],
  ])('makes %s', async (_, params, json, expected) => {
    const { use, asked } = house({ json: json as never })
    expect(await use('OBJECT_LARGE', { prompt: 'Go', ...params }, undefined)).toEqual(expected)
    expect(asked[0]?.what).toBe('OBJECT_LARGE')
  })

  it('hands a schema of zod on as JSON Schema', async () => {
    const { use, asked } = house({ json: {} as never })
    await use('OBJECT_SMALL', { prompt: 'Go', schema: z.object({ a: z.string() }) }, undefined)
    expect(asked[0]?.of).toMatchObject({
      json: { schema: { properties: { a: { type: 'string' } } } },
    })
  })

  it('asks a plugin’s handler for types of plugins, and says when there is none', async () => {
    const { use, has } = house()
    expect(await use('VIDEO', 'x', undefined)).toEqual({ seen: 'x' })
    await expect(use('SMELL', 'x', undefined)).rejects.toThrow(/No model answers 'SMELL'/)
    expect(['VIDEO', 'SMELL', 'TEXT_SMALL', 'IMAGE', 'TEXT_TOKENIZER_ENCODE'].map(has)).toEqual([
      ...[true, false, true, false, true],
    ])
  })
})

describe('runtime.useModel within a turn', () => {
  const scopeOf = (context: unknown): MemberScope => ({
    ...{ agentId: 'agent', plugin: 'acme', member: 'action GREET', state: 'open' },
    turn: { context: context as WorkContext, runId: 'run' } as TurnScope, // what is asked of it
  })

  it('is a call of the step, and of no step when it comes late', async () => {
    const { use, asked, askable } = house()
    const signal = new AbortController().signal
    const scope = scopeOf({ write: () => undefined, signal, ...askable('step') })
    const late = Promise.withResolvers<void>()
    const after = inScope(scope, async () => {
      await use('TEXT_SMALL', 'Hi', undefined)
      return { late: late.promise.then(() => use('TEXT_SMALL', 'Hi', undefined)) }
    })
    const { late: answer } = await after
    late.resolve()
    await answer
    expect(asked.map(({ where }) => where)).toEqual(['step', 'outside'])
  })

  it('is refused by name when the turn was given up', async () => {
    const { use, asked } = house()
    const scope = scopeOf({ write: () => undefined, signal: AbortSignal.abort() })
    await expect(inScope(scope, () => use('TEXT_SMALL', 'Hi', undefined))).rejects.toThrow(
      /The plugin 'acme' \(action GREET\) asked a model after the turn 'run' had been given up/,
    )
    expect(asked).toEqual([])
  })
})
