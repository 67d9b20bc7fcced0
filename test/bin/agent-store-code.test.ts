import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { CharacterCode } from '../../agent/characters/code-file.ts'
import { createAgentStore } from '../../bin/agent-store.ts'
import { createSecretBox } from '../../bin/secrets.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { ElizaPlugin } from '../../plugins/contract.ts'
import type { HostedAgent } from '../../plugins/plugin-host.ts'
import { parseCharacter } from '../../schema/character.ts'
import type { TemplateFunction } from '../../schema/character-schema.ts'
import { openTestPglite } from '../support/databases.ts'

let database: OpenDatabase
beforeAll(async () => {
  database = await openTestPglite()
})
afterAll(() => database.close())

/** A process: what it asks of its plugin host, and which secrets its log was told. */
function openStore(characterEnv: Readonly<Record<string, string>> = {}) {
  const asked: HostedAgent[] = []
  const hidden: string[] = []
  const store = createAgentStore({
    ...{ db: database.db, plugins: [], box: createSecretBox('a salt'), characterEnv },
    openPlugins: async (agent) => {
      asked.push(agent)
      return { plugins: [] }
    },
    onSecrets: (values) => void hidden.push(...values),
  })
  return { store, asked, hidden }
}

const importInto = ({ store }: ReturnType<typeof openStore>, name: string, code?: CharacterCode) =>
  store.importFile({
    ...{ file: `${name}.ts`, hash: `hash of ${name}`, code },
    character: parseCharacter({ name, bio: 'Kind.', templates: { own: 'As text.' } }, 'a test'),
  })

const greeting: TemplateFunction = () => 'Made by code.'

it('a template that is a function reaches the agent, beside those that are text', async () => {
  const house = openStore()
  const id = await importInto(house, 'Ada', { templates: { greeting }, plugins: [] })
  const { character } = await house.store.registry.get(id, 0)
  expect(character.templates).toEqual({ own: 'As text.', greeting })
  expect(house.asked[0]?.character.templates).toEqual({ own: 'As text.', greeting })

  // Nothing of it is in the database: another process, without the file, has the text alone.
  const other = openStore()
  expect((await other.store.registry.get(id, 0)).character.templates).toEqual({ own: 'As text.' })
})

it('plugins and init that a file gives in code are handed to the plugin host, with the hash', async () => {
  const house = openStore()
  const plugin: ElizaPlugin = { name: 'weather', description: 'Weather.' }
  const init = () => undefined
  const id = await importInto(house, 'Bob', { templates: {}, plugins: [plugin], init })
  await house.store.registry.get(id, 0)
  const [asked] = house.asked
  expect(asked?.code?.plugins).toEqual([{ plugin, version: null, folder: null }])
  expect(asked?.code?.plugins[0]?.plugin).toBe(plugin)
  expect(asked?.code?.init).toBe(init)
  expect(asked?.code?.version).toBe('hash of Bob')
})

it('a character without code has none', async () => {
  const house = openStore()
  await house.store.registry.get(await importInto(house, 'Eve'), 0)
  expect(house.asked[0]?.code).toBeUndefined()
})

it('CHARACTER.<NAME>.<KEY> is a secret of that agent, hidden in logs and never stored', async () => {
  const house = openStore({ 'CHARACTER.JOE.WEATHER_KEY': 'sk-joe', 'CHARACTER.KIM.KEY': 'sk-kim' })
  const id = await importInto(house, 'Joe')
  const agent = await house.store.registry.get(id, 0)
  expect(agent.settings).toMatchObject({ WEATHER_KEY: 'sk-joe' })
  expect(agent.settings).not.toHaveProperty('KEY')
  expect(agent.character.secrets).toEqual({ WEATHER_KEY: 'sk-joe' })
  expect(house.asked[0]?.settings).toMatchObject({ WEATHER_KEY: 'sk-joe' })
  expect(house.hidden).toContain('sk-joe')
  expect((await house.store.stored(id)).character.secrets).toBeUndefined()
})
