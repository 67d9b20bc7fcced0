import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { loadCharacterFiles } from '../../../agent/characters/load.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'characters-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function write(name: string, content: unknown): Promise<string> {
  const file = join(folder, name)
  const isRaw = typeof content === 'string' || content instanceof Uint8Array
  await writeFile(file, isRaw ? content : JSON.stringify(content))
  return file
}

async function problemOf(file: string): Promise<string> {
  const { characters, problems } = await loadCharacterFiles([file])
  expect(characters).toEqual([])
  expect(problems).toHaveLength(1)
  return problems[0]?.message ?? ''
}

describe('loading characters', () => {
  it('reads the .json files of a folder by name, with the hash of their bytes', async () => {
    const bob = await write('b.json', { name: 'Bob', bio: 'x' })
    const ada = await write('a.json', '\uFEFF{"name":"Ada","bio":"x"}')
    await write('notes.txt', 'no character')
    await mkdir(join(folder, 'c'))
    const { characters, problems } = await loadCharacterFiles(folder)
    expect(problems).toEqual([])
    expect(characters.map(({ file, character }) => [file, character.name])).toEqual([
      [ada, 'Ada'],
      [bob, 'Bob'],
    ])
    const hash = createHash('sha256')
      .update(await readFile(bob))
      .digest('hex')
    expect(characters[1]?.hash).toBe(hash)
  })

  it('is not stopped by files that cannot be used', async () => {
    await write('1.json', '{')
    await write('2.json', { name: 'Ada', bio: 'x' })
    await write('3.json', { name: 'Bob' })
    await mkdir(join(folder, '4.json'))
    const { characters, problems } = await loadCharacterFiles([folder, join(folder, 'gone.json')])
    expect(characters.map(({ character }) => character.name)).toEqual(['Ada'])
    expect(problems.map(({ source }) => source.slice(folder.length + 1))).toEqual([
      '1.json',
      '3.json',
      '4.json',
      'gone.json',
    ])
  })

  it('refuses the second of two files with one id and names both', async () => {
    const first = await write('a.json', { name: 'Ada', bio: 'x' })
    const second = await write('b.json', {
      name: 'Other',
      id: '5C3CB098-D52D-0B3F-A7E9-7B7FBA960C4C',
      bio: 'x',
    })
    const { characters, problems } = await loadCharacterFiles([first, second, first])
    expect(characters.map(({ file }) => file)).toEqual([first])
    expect(problems).toHaveLength(1)
    expect(problems[0]?.source).toBe(second)
    expect(problems[0]?.message).toContain(first)
  })

  it.each([
    ['{"name": "Ada",\n "bio" "x"}', 'line 2, column 8'],
    ['{"name": "Ada",\n\n  "bio": hush}', 'line 3, column 10'],
    ['{"name": "Ada"', 'line 1, column 15'],
    ['', 'line 1, column 1'],
    ['{"name": "Ada"}\n}', 'line 2, column 1'],
    ["{'name': 1}", 'line 1, column 2'],
  ])('says where the JSON %j is broken, without quoting it', async (text, place) => {
    const message = await problemOf(await write('a.json', text))
    expect(message).toContain(`${place}: found`)
    expect(message).toContain('expected valid JSON')
    expect(message).not.toContain('hush')
  })

  it.each([
    ['binary', new Uint8Array([0x89, 0x50, 0xff, 0xfe, 0x00]), 'bytes that are not UTF-8'],
    ['5 MB', 'x'.repeat(5 * 1024 * 1024), 'found 5,242,880 bytes, expected at most 2,097,152'],
    [
      'a broken template',
      { name: 'A', bio: 'x', templates: { replyTemplate: '{{#if}' } },
      'templates.replyTemplate: found Parse error on line 1',
    ],
  ])('explains a file that is %s', async (_, content, reason) => {
    expect(await problemOf(await write('a.json', content))).toContain(reason)
  })

  it('explains a path that is not there and a folder without characters', async () => {
    expect(await problemOf(join(folder, 'gone.json'))).toContain('found nothing there')
    expect(await problemOf(folder)).toContain('a folder with .json files')
  })
})

describe('the characters that come with the project', () => {
  it('load, are complete, and have names of their own', async () => {
    const { characters, problems } = await loadCharacterFiles(
      join(import.meta.dirname, '../../../characters'),
    )
    expect(problems).toEqual([])
    expect(characters.map(({ character }) => character.name)).toEqual(['Ada', 'Juno', 'Theo'])
    for (const { character } of characters) {
      const { system, style, messageExamples, topics, adjectives, postExamples } = character
      for (const part of [system, style?.all, style?.chat, style?.post, topics, adjectives]) {
        expect(part?.length).toBeGreaterThan(0)
      }
      expect(messageExamples?.length).toBeGreaterThanOrEqual(3)
      expect(postExamples?.length).toBeGreaterThan(0)
    }
  })
})
