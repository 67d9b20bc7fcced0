import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadCharacterFiles } from '../../../agent/characters/load.ts'
import { composePrompt } from '../../../agent/prompts/compose-prompt.ts'
import { templateOf } from '../../../agent/prompts/templates.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'characters-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  return path
}

describe('a code file', () => {
  it('exports a character, in TypeScript, with types and computed lists', async () => {
    const path = await file(
      'bo.ts',
      `interface Topic { readonly name: string }
      const topics: Topic[] = [{ name: 'bees' }]
      export const character = {
        name: 'Bo', bio: 'Keeps a garden.', topics: topics.map((topic) => topic.name),
        plugins: ['@elizaos/plugin-sql', ...(process.env.NOT_SET_ANYWHERE ? ['x'] : [])],
      }`,
    )
    const { characters, problems } = await loadCharacterFiles(path)
    expect(problems).toEqual([])
    expect(characters[0]?.character).toMatchObject({
      name: 'Bo',
      topics: ['bees'],
      plugins: ['@elizaos/plugin-sql'],
    })
  })

  it('exports a project: every agent with its plugins and its init', async () => {
    const path = await file(
      'project.mjs',
      `const greeter = { name: 'greeter', description: 'Greets.', actions: [] }
      export default { agents: [
        { character: { name: 'One', bio: 'First.' }, plugins: [greeter, '@acme/plugin-x'], init: (runtime) => runtime.seen() },
        { character: { name: 'Two', bio: 'Second.' } },
      ] }`,
    )
    const { characters } = await loadCharacterFiles(path)
    expect(characters.map(({ character }) => character.name)).toEqual(['One', 'Two'])
    const [one] = characters
    expect(one?.character.plugins).toEqual(['@acme/plugin-x'])
    expect(one?.code?.plugins).toEqual([expect.objectContaining({ name: 'greeter' })])
    let seen = 0
    one?.code?.init?.({ seen: () => (seen += 1) })
    expect(seen).toBe(1)
  })

  it('writes templates as functions, which are filled in like texts', async () => {
    const path = await file(
      'fn.js',
      `export default { name: 'Fn', bio: 'b', templates: {
        replyTemplate: ({ state }) => 'Say {{agentName}} ' + String(state.values.mood).toUpperCase(),
        apologyTemplate: 'Sorry from {{agentName}}' } }`,
    )
    const { characters } = await loadCharacterFiles(path)
    const [loaded] = characters
    if (!loaded) throw new Error('nothing was loaded')
    const template = templateOf(loaded.character, 'replyTemplate')
    const state = { values: { agentName: 'Fn', mood: 'glad' }, data: {}, text: '' }
    expect(composePrompt(template, state)).toBe('Say Fn GLAD')
    expect(Object.keys(loaded.code?.templates ?? {})).toEqual(['replyTemplate'])
  })

  it('is read anew when it changed', async () => {
    // In a process of its own: Jest keeps what it has read of a file.
    const path = await file('anew.mjs', `export default { name: 'A', bio: 'old' }`)
    const load = fileURLToPath(new URL('../../../agent/characters/load.ts', import.meta.url))
    const script = await file(
      'again.mjs',
      `import { writeFileSync } from 'node:fs'
      import { loadCharacterFiles } from ${JSON.stringify(load)}
      const bio = async () => (await loadCharacterFiles(${JSON.stringify(path)})).characters[0]?.character.bio
      const before = await bio()
      writeFileSync(${JSON.stringify(path)}, "export default { name: 'A', bio: 'new' }")
      process.stdout.write(before + ' ' + (await bio()))`,
    )
    expect(execFileSync(process.execPath, [script], { encoding: 'utf8' })).toBe('old new')
  })

  it('of a project folder is its entry, and a change of any part changes its hash', async () => {
    await file('house/package.json', '{"name":"house","type":"module"}')
    await file(
      'house/src/index.ts',
      `import { bio } from './bio.ts'\nexport default { name: 'H', bio }`,
    )
    await file('house/src/bio.ts', `export const bio: string = 'one'`)
    const before = await loadCharacterFiles(join(folder, 'house'))
    await file('house/src/bio.ts', `export const bio: string = 'two'`)
    const after = await loadCharacterFiles(join(folder, 'house'))
    expect(before.characters[0]?.character.name).toBe('H')
    expect(after.characters[0]?.hash).not.toBe(before.characters[0]?.hash)
  })

  it.each([
    ['throws.mjs', `throw new Error('no tooth')`, /no tooth/],
    ['empty.mjs', `export const nothing = 1`, /the exports nothing/],
    ['wrong.mjs', `export default { name: 'W', bio: 3 }`, /bio: found 3/],
  ])('that cannot be used is named, and stops no other: %s', async (name, text, reason) => {
    const path = await file(name, text)
    const good = await file(`good-${name}`, `export default { name: 'Good ${name}', bio: 'b' }`)
    const { characters, problems } = await loadCharacterFiles([path, good])
    expect(problems.map(({ message }) => message).join()).toMatch(reason)
    expect(problems[0]?.message).toContain(name)
    expect(characters).toHaveLength(1)
  })
})
