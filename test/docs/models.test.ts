import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { loadCharacterFiles } from '../../agent/characters/load.ts'
import { createCatalog } from '../../models/catalog.ts'
import { parsePriceList } from '../../schema/model-prices.ts'
import { modelSettings } from '../../schema/model-settings.ts'
import { MODEL_VENDORS } from '../../schema/model-vendors.ts'
import { projectFile } from '../deploy/compose-file.ts'
import { chainOf } from '../models/chain-of.ts'
import { blockAfter } from './markdown.ts'

const page = projectFile('docs/models.md')
const folder = mkdtempSync(join(tmpdir(), 'turnkeeper-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOfPage(name: string): string {
  const file = join(folder, name)
  writeFileSync(file, blockAfter(page, `file: ${name}`))
  return file
}

describe('docs/models.md', () => {
  it('names only settings that exist', () => {
    const known = new Set(modelSettings.map(({ env }) => env))
    const named = [
      ...page.matchAll(
        /`([A-Z][A-Z_]*_(?:KEY|URL|ENDPOINT|MODEL|VENDOR|FALLBACKS|PRICES|TOKEN|TEMPERATURE|PENALTY))\b/g,
      ),
    ]
    const names = named.map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(25)
    expect(names.filter((name) => !known.has(name))).toEqual([])
  })

  it('names every vendor’s keys and addresses, in the order in which they are asked', () => {
    const rows = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+_(?:URL|ENDPOINT)[^|]*) \|$/gm)]
    const written = rows.map(([, label = '', keys = '', addresses = '']) => ({
      label,
      names: [...`${keys} ${addresses}`.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    }))
    expect(written).toEqual(
      MODEL_VENDORS.map(({ label, keys, addresses }) => ({
        label,
        names: [...keys, ...addresses],
      })),
    )
  })

  it('shows a character whose model answers', async () => {
    const { characters, problems } = await loadCharacterFiles(fileOfPage('ada.json'))
    expect(problems).toEqual([])
    const { settings = {} } = characters[0]?.character ?? {}
    const environment = { OPENAI_API_KEY: 'sk-1', GROQ_API_KEY: 'gsk_1' }
    const chain = await chainOf(environment, settings, 'TEXT_LARGE')
    expect(chain.map(({ vendor, model }) => `${vendor.name}/${model}`)).toEqual([
      ...['anthropic/claude-opus-5', 'openai/gpt-5.4', 'groq/openai/gpt-oss-120b'],
    ])
    expect(chain[0]?.sampling).toEqual({ temperature: 0.7 })
  })

  it('shows a list of prices that can be used', () => {
    const catalog = createCatalog(fileOfPage('prices.json'))
    expect(catalog.card('openai', 'qwen3-32b')).toMatchObject({ contextTokens: 40_960 })
    expect(catalog.card('anthropic', 'claude-opus-5').price).toMatchObject({ input: 4 })
  })

  it('says how many models the list has, and what is assumed about others', () => {
    const { models } = parsePriceList(projectFile('models/prices.json'))
    expect(page).toContain(`${Object.keys(models).length} models`)
    const { contextTokens, maxOutputTokens } = createCatalog().card('openai', 'unknown')
    expect(page).toContain(
      `${contextTokens.toLocaleString('en')} tokens of context and ${maxOutputTokens.toLocaleString('en')}`,
    )
  })
})
