import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createOllamaVendor } from '../../models/ollama.ts'
import { findOllama } from '../../models/ollama-find.ts'
import { type StubOllama, startStubOllama } from '../support/stub-ollama.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

let stub: StubOllama
beforeEach(async () => {
  stub = await startStubOllama()
})
afterEach(() => stub.close())

const ask = () => createOllamaVendor({ baseUrl: stub.baseUrl }).generate(REQUEST, quietly())

describe('an error of Ollama', () => {
  it('that it does not run says how to start it', async () => {
    await stub.close()
    await expect(ask()).rejects.toThrow(
      /cannot be reached \(ECONNREFUSED\).*ollama serve.*OLLAMA_API_ENDPOINT/,
    )
    stub = await startStubOllama()
  })

  it('that the model is not there says how to fetch it', async () => {
    stub.answer({ kind: 'error', error: 'unknown-model' })
    await expect(ask()).rejects.toMatchObject({
      code: 'model_rejected',
      retryable: false,
      status: 404,
      message: expect.stringMatching(/'ollama pull test-model'.*OLLAMA_LARGE_MODEL/),
    })
  })

  it('that the model calls no tools says what to decide with', async () => {
    stub.answer({ kind: 'error', error: 'bad-request' })
    await expect(ask()).rejects.toMatchObject({
      ...{ code: 'model_rejected', retryable: false, status: 400 },
      message: expect.stringMatching(/'test-model' cannot call tools.*TURNKEEPER_DECISION=xml/),
    })
  })

  it('about a prompt that does not fit is found in the words of the program behind it', async () => {
    stub.answer({ kind: 'error', error: 'prompt-too-long' })
    await expect(ask()).rejects.toMatchObject({
      code: 'prompt_too_long',
      retryable: false,
      message: expect.stringContaining('(request (8889 tokens) exceeds the available context'),
    })
  })

  it('about a text that is too long for its vector is found, too', async () => {
    const message = 'the input length exceeds the context length'
    stub.answer({ kind: 'error', error: 'bad-request', message })
    const vendor = createOllamaVendor({ baseUrl: stub.baseUrl })
    const call = vendor.embed?.({ model: 'nomic-embed-text', texts: ['a'] }, quietly())
    await expect(call).rejects.toMatchObject({ code: 'prompt_too_long' })
  })

  it.each([
    [{ error: 'an error was encountered while running the model' }, 'model_unavailable'],
    [{ error: 'unauthorized', status_code: 401 }, 'model_rejected'],
    [{ error: "model 'test-model' not found" }, 'model_rejected'],
  ])('in a line of a stream is what it says: %j', async (line, code) => {
    const said = { message: { content: 'So ' }, done: false }
    stub.answer({ kind: 'other-frames', frames: [JSON.stringify(said), JSON.stringify(line)] })
    await expect(ask()).rejects.toMatchObject({ code, message: expect.stringMatching(/\(|pull/) })
  })
})

describe('looking for Ollama', () => {
  it('finds its models where it runs', async () => {
    expect(await findOllama(`${stub.baseUrl}/api`)).toEqual([
      'llama3.2:latest',
      'nomic-embed-text:latest',
    ])
    expect(stub.requests()).toEqual([])
  })

  it.each<[string, () => Promise<string>]>([
    [
      'nothing listens',
      async () => {
        const gone = await startStubOllama()
        await gone.close()
        return gone.baseUrl
      },
    ],
    ['the address is none', async () => 'nonsense'],
    // A path that the stub answers with an error.
    ['something else answers', async () => `${stub.baseUrl}/else`],
  ])('finds nothing where %s', async (_, address) => {
    expect(await findOllama(await address())).toBeUndefined()
  })

  it('gives up when no answer comes in time', async () => {
    stub.answer({ kind: 'silence' })
    // The stub is silent on paths that are no chat and no embedding's.
    expect(await findOllama(`${stub.baseUrl}/else`, 30)).toBeUndefined()
    expect((await stub.ended(1)).state).toBe('aborted')
  })
})
