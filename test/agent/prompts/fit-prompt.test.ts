import { describe, expect, it } from '@jest/globals'
import { composeState } from '../../../agent/compose-state.ts'
import { ModelError } from '../../../agent/errors.ts'
import { answerRoom, fitPrompt } from '../../../agent/prompts/fit-prompt.ts'
import { type TemplateName, templateOf } from '../../../agent/prompts/templates.ts'
import type { Provider } from '../../../agent/provider.ts'
import { type ContextOptions, memory, NOW, PERSON_ID, turnContext } from '../turn-context.ts'
import { type ReadingModel, readingModel } from './reading-model.ts'

const earlier = (count: number, length = 100) =>
  Array.from({ length: count }, (_, index) =>
    memory(PERSON_ID, `m${index} ${'word '.repeat(length / 5)}`, NOW - count + index),
  )

async function fitted(
  options: ContextOptions,
  model: ReadingModel,
  name: TemplateName = 'messageHandlerTemplate',
) {
  const context = turnContext(options)
  const composed = await composeState(context, { include: ['ENTITIES'] })
  const template = templateOf(context.agent.character, name)
  return fitPrompt(composed, { template, model, message: context.message.content.text ?? '' })
}

const said = (prompt: string) => (prompt.match(/^Sam: m\d+/gm) ?? []).map((line) => line.slice(5))

/** A book in pages, the most important first. */
const book = (pages: number, length = 400): Provider => ({
  name: 'BOOK',
  position: 5,
  get: async () => {
    const render = (count: number) => {
      const kept = Array.from({ length: count }, (_, page) => `p${page} ${'x'.repeat(length)}`)
      return { kept: count, text: `# Book\n${kept.join('\n')}`, values: { pages: count } }
    }
    return { ...render(pages), yields: { kind: 'documents', rank: 20, count: pages, render } }
  },
})

const plugin = (...providers: Provider[]) => ({ name: 'library', description: '', providers })
const message = memory(PERSON_ID, 'What did I say?', NOW)
const messages = [...earlier(30), message]

describe('a prompt and what its model can read', () => {
  it('has all that there is when that fits', async () => {
    const { prompt, cut } = await fitted({ message, messages }, readingModel(100_000))
    expect(said(prompt)).toHaveLength(30)
    expect(cut).toBeUndefined()
  })

  it('costs no counting where its bytes alone show that it fits', async () => {
    const model = readingModel(100_000)
    await fitted({ message, messages }, model)
    expect(model.counted).toEqual([])
  })

  it('loses what a plugin gives without saying what may be left out, before it is refused', async () => {
    const flood: Provider = { name: 'FLOOD', get: async () => ({ text: 'flood '.repeat(50_000) }) }
    const { prompt, cut } = await fitted(
      { message, messages, plugins: [plugin(flood)] },
      readingModel(20_000),
    )
    expect(prompt).not.toContain('flood')
    expect(prompt).toContain('What did I say?')
    expect(cut).toMatchObject({ 'the text of FLOOD': 1 })
  })

  it('is sent without all that may give way, when it is only guessed what the model can read', async () => {
    const long = memory(PERSON_ID, 'word '.repeat(20_000), NOW)
    const guessed = readingModel(8_192, { isGuess: true })
    const { prompt } = await fitted({ message: long, messages: [...earlier(30), long] }, guessed)
    expect(prompt).toContain(long.content.text)
    expect(said(prompt)).toEqual([])
  })

  it('loses its oldest messages first, and says how many', async () => {
    const model = readingModel(1_600)
    const { prompt, cut } = await fitted({ message, messages }, model)
    const left = said(prompt)
    expect(left.length).toBeGreaterThanOrEqual(4)
    expect(left.length).toBeLessThan(30)
    expect(left).toEqual(
      messages.slice(30 - left.length, 30).map((one) => one.content.text?.split(' ')[0]),
    )
    const limit = 1_600 - 400 - 32
    expect(cut).toEqual({
      messages: 30 - left.length,
      tokens: { limit, before: expect.any(Number), after: Math.ceil(prompt.length / 4) },
    })
    expect(Math.ceil(prompt.length / 4)).toBeLessThanOrEqual(limit)
    expect(prompt).toContain('<message_to_answer>\nWhat did I say?\n</message_to_answer>')
  })

  it('fits whatever the model can read, and keeps more the more that is', async () => {
    const plugins = [plugin(book(10))]
    let before = 0
    for (let contextTokens = 1_900; contextTokens < 6_000; contextTokens += 100) {
      const model = readingModel(contextTokens)
      const { prompt } = await fitted({ message, messages, plugins }, model)
      const limit = contextTokens - answerRoom(model.card, {}) - 32
      expect(Math.ceil(prompt.length / 4)).toBeLessThanOrEqual(limit)
      // A beginning that stands still may cost some messages, never many.
      expect(prompt.length).toBeGreaterThan(before - 1_500)
      before = prompt.length
      expect(prompt).toContain('# About Ada')
      expect(prompt).toContain('<rules>')
    }
  })

  it('loses documents only when the last exchange is all that is left of the conversation', async () => {
    const options = { message, messages, plugins: [plugin(book(10))] }
    const some = await fitted(options, readingModel(3_400))
    expect(some.cut).toMatchObject({ messages: expect.any(Number) })
    expect(some.cut).not.toHaveProperty('documents')
    expect(some.prompt).toContain('p9 ')

    const more = await fitted(options, readingModel(2_400))
    expect(more.cut).toMatchObject({ messages: 26, documents: expect.any(Number) })
    expect(said(more.prompt)).toEqual(['m26', 'm27', 'm28', 'm29'])
    expect(more.prompt).toContain('p0 ')
    expect(more.prompt).not.toContain('p9 ')
    expect(more.state.values.pages).toBe((more.prompt.match(/^p\d /gm) ?? []).length)
  })

  it('loses what came with the message, the last of it first', async () => {
    const attachments = Array.from({ length: 6 }, (_, index) => {
      return {
        id: `a${index}`,
        url: `https://x.test/${index}`,
        title: `page ${index}`,
        text: 'lorem '.repeat(200),
      }
    })
    const sent = { ...message, content: { ...message.content, attachments } }
    const { prompt, cut } = await fitted({ message: sent, messages: [sent] }, readingModel(2_400))
    expect(cut).toMatchObject({ attachments: expect.any(Number) })
    expect(prompt).toContain('"page 0"')
    expect(prompt).not.toContain('"page 5"')
  })

  it('is not refused by an estimate while the tokenizer is not loaded yet', async () => {
    let isLoaded = false
    const model = readingModel(2_100, {
      countTokens: (text) => Math.ceil(text.length / (isLoaded ? 4 : 0.1)),
      ready: async () => {
        isLoaded = true
      },
    })
    expect(said((await fitted({ message, messages }, model)).prompt).length).toBeGreaterThan(4)
  })

  it('of a template that places the conversation itself is fitted as well', async () => {
    const templates = {
      messageHandlerTemplate: 'You are {{agentName}}.\n{{recentMessages}}\nAnswer.',
    }
    const options = { message, messages, character: { templates } }
    const { prompt, cut } = await fitted(options, readingModel(400))
    expect(said(prompt).length).toBeGreaterThan(0)
    expect(said(prompt).length).toBeLessThan(30)
    expect(prompt).toContain('Sam: What did I say?\nAnswer.')
    expect(cut).toMatchObject({ messages: 30 - said(prompt).length })
  })

  it('is fitted when it asks whether to respond', async () => {
    const { prompt } = await fitted(
      { message, messages },
      readingModel(1_500),
      'shouldRespondTemplate',
    )
    expect(said(prompt).length).toBeLessThan(30)
    expect(prompt).toContain('RESPOND, IGNORE or STOP')
  })

  it('is not upset by a provider whose pieces cannot be rendered', async () => {
    const broken: Provider = {
      name: 'BROKEN',
      get: async () => ({
        text: 'x'.repeat(4_000),
        yields: {
          kind: 'notes',
          rank: 1,
          count: 3,
          render: () => {
            throw new Error('broken')
          },
        },
      }),
    }
    const { prompt, cut } = await fitted(
      { message, plugins: [plugin(broken)] },
      readingModel(1_600),
    )
    expect(prompt).not.toContain('xxx')
    expect(cut).toMatchObject({ notes: 3 })
  })

  it('counts a handful of times however long it is', async () => {
    const long = [...earlier(400, 4_000), message]
    const model = readingModel(8_000)
    const settings = { conversationLength: 300 }
    const { prompt } = await fitted({ message, messages: long, settings }, model)
    expect(said(prompt).length).toBeGreaterThan(0)
    expect(model.counted.length).toBeLessThan(15)
  })
})

describe('a prompt that is too long whatever is left out', () => {
  const failure = async (options: ContextOptions, model: ReadingModel) => {
    const error = await fitted(options, model).catch((thrown: unknown) => thrown)
    if (!(error instanceof ModelError)) throw new Error(`It was no ModelError: ${error}`)
    expect(error).toMatchObject({ code: 'prompt_too_long', retryable: false })
    return error.message
  }

  it('is refused, and the message is named when it is the longest part', async () => {
    const long = memory(PERSON_ID, 'secret '.repeat(15_000), NOW)
    const text = await failure({ message: long, messages: [long] }, readingModel(8_192))
    expect(text).toMatch(/^The prompt by 'messageHandlerTemplate' has \d+ tokens/)
    expect(text).toContain("'paper/reader-1' reads 6112 besides an answer of 2048 (8192 in all)")
    expect(text).toContain('The longest part is the message with 26250: send a shorter one')
    expect(text).not.toContain('secret')
  })

  it('names the character', async () => {
    const character = { system: 'Be kind. '.repeat(4_000) }
    const text = await failure({ message, messages, character }, readingModel(8_192))
    expect(text).toMatch(/The longest part is the character with 90\d\d: shorten its system/)
  })

  it('names the template', async () => {
    const templates = { messageHandlerTemplate: `${'Mind. '.repeat(6_000)}{{providers}}` }
    const text = await failure({ message, character: { templates } }, readingModel(8_192))
    expect(text).toContain('The longest part is the template with')
    expect(text).toContain("shorten 'messageHandlerTemplate' of the character")
  })

  it('names a provider', async () => {
    const wide = { name: 'WIDE', required: true, get: async () => ({ text: 'x'.repeat(40_000) }) }
    const text = await failure({ message, plugins: [plugin(wide)] }, readingModel(8_192))
    expect(text).toContain("The longest part is what the provider 'WIDE' gives with 10000")
  })
})

describe('the room for the answer', () => {
  it.each([
    [128_000, 16_000, undefined, 16_000],
    [8_192, 8_192, undefined, 2_048],
    [200_000, 64_000, undefined, 50_000],
    [128_000, 16_000, 500, 500],
    [128_000, 16_000, 100_000, 16_000],
    // ElizaOS's default for a small model: half of what it reads must be left for the prompt.
    [8_192, 8_192, 8_192, 4_096],
  ])(
    'of a model with %i tokens, of which it writes %i, asked for %p is %i',
    (contextTokens, maxOutputTokens, maxTokens, room) => {
      const { card } = readingModel(contextTokens, { maxOutputTokens })
      expect(answerRoom(card, maxTokens === undefined ? {} : { maxTokens })).toBe(room)
    },
  )
})
