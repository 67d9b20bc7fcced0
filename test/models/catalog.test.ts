import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createCatalog } from '../../models/catalog.ts'
import { VENDORS } from '../../models/vendors.ts'
import { parsePriceList } from '../../schema/model-prices.ts'
import { projectFile } from '../deploy/compose-file.ts'

describe('what is known about a model', () => {
  const catalog = createCatalog()

  it.each([
    ['openai', 'gpt-5.4-2026-03-05', 'gpt-5.4'],
    ['anthropic', 'claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['google', 'models/gemini-2.5-flash-001', 'gemini-2.5-flash'],
  ])('holds for every date of it: %s %s', (vendor, dated, plain) => {
    const { countTokens: _, ...card } = catalog.card(vendor, dated)
    expect(card).toMatchObject({ price: { input: expect.any(Number) } })
    expect(catalog.card(vendor, plain)).toMatchObject(card)
  })

  it('is that of the dated model where it costs something else', () => {
    expect(catalog.card('openai', 'gpt-4o-2024-05-13').price).toMatchObject({ input: 5 })
    expect(catalog.card('openai', 'gpt-4o').price).toMatchObject({ input: 2.5 })
  })

  it.each([
    ['anthropic/claude-haiku-4.5', 'anthropic', 'claude-haiku-4-5'],
    ['openai/gpt-4o', 'openai', 'gpt-4o'],
    ['x-ai/grok-4.3', 'xai', 'grok-4.3'],
  ])('is the maker’s where OpenRouter sells it: %s', (name, maker, model) => {
    expect(catalog.card('openrouter', name).price).toEqual(catalog.card(maker, model).price)
  })

  it.each([
    ['openrouter', 'anthropic/claude-haiku-4.5:online'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:me::1'],
  ])('is its size, but not the price of the plain one: %s %s', (vendor, model) => {
    const card = catalog.card(vendor, model)
    expect(card.contextTokens).toBeGreaterThan(100_000)
    expect(card.price).toBeUndefined()
  })

  it('is no price, a small window and a short answer for one that nobody knows', () => {
    expect(catalog.card('openai', 'constructor')).toMatchObject({
      ...{ contextTokens: 32_768, maxOutputTokens: 4_096 },
    })
    expect(catalog.card('openai', 'constructor').price).toBeUndefined()
    expect(catalog.card('anthropic', 'claude-next').contextTokens).toBe(128_000)
  })

  it('is that it calls no tools when it is a plugin’s or ELIZA', () => {
    expect(catalog.card('plugin:acme', 'gpt-5.4').hasTools).toBe(false)
    expect(catalog.card('eliza', 'eliza').hasTools).toBe(false)
    expect(catalog.card('openai', 'gpt-5.4').hasTools).toBe(true)
  })

  it('is that it costs nothing when it runs on one’s own machine', () => {
    expect(catalog.card('ollama', 'anything').price).toEqual({ input: 0, output: 0 })
    expect(catalog.card('eliza', 'eliza').price).toEqual({ input: 0, output: 0 })
  })
})

describe('the list of prices', () => {
  const list = parsePriceList(projectFile('models/prices.json'))

  it('says when its figures were taken, and where', () => {
    expect(list.date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(list.source).toContain('litellm')
  })

  it('holds models whose figures make sense together', () => {
    const entries = Object.entries(list.models)
    expect(entries.length).toBeGreaterThan(60)
    const strange = entries.filter(([, { context = 0, answer = 0, input, output, cached = 0 }]) => {
      if (input === undefined || output === undefined) return true
      return input > 200 || output > 200 || answer > context || cached > input
    })
    expect(strange.map(([name]) => name)).toEqual([])
  })

  it('knows every default model that writes', () => {
    const catalog = createCatalog()
    const unknown = Object.entries(VENDORS).flatMap(([vendor, { defaults }]) =>
      [defaults.SMALL, defaults.LARGE, defaults.REASONING_SMALL, defaults.REASONING_LARGE]
        .concat(defaults.IMAGE_DESCRIPTION, defaults.EMBEDDING)
        .filter((model) => model !== undefined && !catalog.card(vendor, model).price),
    )
    expect(unknown).toEqual([])
  })
})

describe('the operator’s own prices', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'turnkeeper-prices-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (content: unknown): string => {
    const file = join(folder, 'prices.json')
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }

  it('win over the built-in ones, and leave the others', () => {
    const models = {
      'openai/gpt-5.4': { context: 8_000, answer: 500, input: 1, output: 2 },
      'openai/llama': { context: 8_192, tools: false },
    }
    const catalog = createCatalog(write({ models }))
    expect(catalog.card('openai', 'gpt-5.4')).toMatchObject({
      ...{ contextTokens: 8_000, maxOutputTokens: 500, price: { input: 1, output: 2 } },
    })
    expect(catalog.card('openai', 'llama')).toMatchObject({
      ...{ contextTokens: 8_192, hasTools: false },
    })
    expect(catalog.card('openai', 'llama').price).toBeUndefined()
    expect(catalog.card('openai', 'gpt-4o').price).toBeDefined()
  })

  it.each([
    ['no JSON', 'prices', 'it is no JSON'],
    ['no models', {}, 'models'],
    ['a text for a price', { models: { 'openai/x': { input: '1' } } }, 'openai/x › input'],
    ['an unknown member', { models: { 'openai/x': { price: 1 } } }, 'price'],
  ])('are refused with the reason when there is %s', (_, content, reason) => {
    const file = write(content)
    expect(() => createCatalog(file)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(reason) }),
    )
    expect(() => createCatalog(file)).toThrow(/TURNKEEPER_MODEL_PRICES names/)
  })

  it('are refused when the file is not there', () => {
    expect(() => createCatalog(join(folder, 'none.json'))).toThrow(/none\.json/)
  })
})
