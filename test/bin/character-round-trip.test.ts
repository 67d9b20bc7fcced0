import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type AgentStore, createAgentStore } from '../../bin/agent-store.ts'
import { createAgentsPort } from '../../bin/api/agents.ts'
import type { ApiParts } from '../../bin/api/parts.ts'
import { createSecretBox } from '../../bin/secrets.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { agentIdOf, type Character, parseCharacter } from '../../schema/character.ts'
import type { JsonObject } from '../../schema/json.ts'
import { openTestPglite } from '../support/databases.ts'

const RUNS = 60

describe('any character', () => {
  let database: OpenDatabase
  let agents: AgentStore

  beforeAll(async () => {
    database = await openTestPglite()
    const box = createSecretBox('a salt')
    agents = createAgentStore({ db: database.db, plugins: [], box, onSecrets: () => undefined })
  })
  afterAll(() => database.close())

  it('comes back from the API and the database as it was given, templates and secrets included', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 100_000)
    const random = randomFrom(seed)
    for (let run = 0; run < RUNS; run += 1) {
      const given = randomCharacter(random, run)
      const label = `seed ${seed}, run ${run}`
      await agents.create(given)
      const id = agentIdOf(given)
      const stored = await agents.stored(id)
      expect({ label, character: stored.character }).toEqual({ label, character: given })

      // What GET shows, sent back by PATCH, changes nothing: masked secrets stay what they are.
      const parts = { db: database.db } as ApiParts & { agents: AgentStore } // all that get and update need
      const port = createAgentsPort({ ...parts, agents })
      const { character } = await port.get(id)
      await port.update(id, character as unknown as JsonObject)
      const after = await agents.stored(id)
      expect({ label, character: after.character }).toEqual({ label, character: given })
    }
  })
})

type Random = () => number

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const WORDS = [
  'garden',
  '{{agentName}}',
  'ä𝄞👩‍👩‍👧',
  '"quoted"',
  "it's",
  '\\u0000 as text',
  '<xml>&amp;',
  'line\nbreak',
  '',
  ' ',
  '__proto__',
  '********x',
]

function randomCharacter(random: Random, run: number): Character {
  const text = () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, WORDS)).join(' ')
  const texts = () => Array.from({ length: Math.floor(random() * 4) }, text)
  const maybe = <T>(key: string, value: () => T) => (random() < 0.6 ? { [key]: value() } : {})
  const json = {
    name: `Agent ${run} ${pick(random, ['ä', 'x', '𝄞'])}`,
    bio: random() < 0.5 ? text() : texts(),
    ...maybe('username', text),
    ...maybe('system', text),
    ...maybe('templates', () => ({
      replyTemplate: 'Hi {{agentName}}',
      own: text().replace(/[{}]/g, ''),
    })),
    ...maybe('messageExamples', () => [
      [{ name: '{{name1}}', content: { text: text(), extra: [1, null] } }],
    ]),
    ...maybe('postExamples', texts),
    ...maybe('topics', texts),
    ...maybe('adjectives', texts),
    ...maybe('knowledge', () => [text(), { path: 'a.md', shared: true }, { directory: 'docs' }]),
    ...maybe('plugins', () => ['@elizaos/plugin-x', text()]),
    ...maybe('settings', () => ({
      mood: text(),
      deep: { list: [1, true, null, text()] },
      API_KEY: text(),
    })),
    ...maybe('secrets', () => ({ ONE: text(), 'two.three': 'sk-secret', flag: true, n: 4 })),
    ...maybe('style', () => ({ all: texts(), chat: texts(), other: text() })),
  }
  return parseCharacter(json, 'a test')
}

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] ?? (list[0] as T) // no list here is empty
