import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { agentIdOf } from '../../schema/character.ts'
import { type Api, EVE } from '../support/e2e-house.ts'
import { json } from '../support/json-request.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { AUTHOR, type Client, createClient, posted, type Trace } from './client.ts'
import { type DevFolder, openDevFolder } from './dev-folder.ts'
import { createNightModel, WORDS } from './night-model.ts'
import { until } from './until.ts'

const samples = ['diary', 'wicked', 'throws-in-init', 'sleeps-in-init']
const files = samples.map((name) =>
  fileURLToPath(new URL(`../support/sample-plugins/${name}.ts`, import.meta.url)),
)
const ADA = { ...EVE, plugins: ['./diary.ts', './plugins/teller.ts'] }
const MALLORY = { name: 'Mallory', bio: ['x'], plugins: ['./throws-in-init.ts', './wicked.ts'] }
/** Its init never ends: whoever else is there does not wait for it. */
const SLEEPY = { name: 'Sleepy', bio: ['x'], plugins: ['./sleeps-in-init.ts'] }

let folder: DevFolder
let dev: Api
let client: Client
const model = createNightModel(() => folder.stub)

beforeAll(async () => {
  folder = await openDevFolder({ character: ADA, others: [MALLORY, SLEEPY], files })
  await mkdir(join(folder.path, 'plugins'))
  await writeTeller(1)
  folder.answer(model.script)
  dev = await folder.start()
  client = createClient(dev.url)
})

afterAll(() => folder.close())

/** A plugin that tells its version, once it has asked the model. */
const writeTeller = (version: number) =>
  writeFile(
    join(folder.path, 'plugins', 'teller.ts'),
    `export default {
      name: 'teller',
      actions: [{
        name: 'TELL',
        handler: async (runtime, message, _state, _options, callback) => {
          await runtime.useModel('TEXT_LARGE', { prompt: 'night: tell ' + message.content.text })
          await callback({ text: 'Version ${version}.' })
        },
      }],
    }`,
  )

interface Asked {
  readonly channel: string
  readonly turnId: string
}

async function drop(message: string, character: { name: string } = ADA): Promise<Asked> {
  const channel = randomUUID()
  const metadata = { isDm: true, targetAgentId: agentIdOf(character) }
  const body = { author_id: AUTHOR, content: message, transport: 'websocket', metadata }
  const path = `/api/messaging/channels/${channel}/messages`
  const { turnId } = await posted(await fetch(dev.url + path, json(body)), 201)
  return { channel, turnId }
}

/** What the agent said, and the end of the turn. */
async function ended({ channel, turnId }: Asked): Promise<{ turn: Trace; replies: string[] }> {
  const turn = await client.settled(turnId)
  return { turn, replies: await client.replies(channel) }
}

const say = async (message: string, character?: { name: string }) =>
  ended(await drop(message, character))

describe('turnkeeper dev', () => {
  it("takes up a plugin's new file while a turn runs: that turn ends with the old one", async () => {
    const held = model.hold('tell')
    const running = await drop('TELL me.')
    await held.asked
    await writeTeller(2)
    await dev.logged(/Changed: the plugins in/)
    expect((await say('TELL me now.')).replies).toEqual(['Version 2.', WORDS])
    held.release()
    expect(await ended(running)).toMatchObject({
      turn: { state: 'replied', gen: 1 },
      replies: ['Version 1.', WORDS],
    })
  })

  it("takes up a character's new file while a turn runs: the next one has it", async () => {
    const held = model.hold('tell')
    const running = await drop('TELL me.')
    await held.asked
    const file = join(folder.path, 'character.json')
    const character = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...character, bio: ['Eve has learned Latin.'] }))
    await until('the new character', async () =>
      (await (await client.get(`/api/agents/${agentIdOf(ADA)}`)).text()).includes('Latin')
        ? true
        : undefined,
    )
    const message = `Do you speak it? ${randomUUID()}`
    expect((await say(message)).replies).toEqual([WORDS])
    const prompt = folder.stub.requests().map(({ body }) => promptText(body))
    expect(prompt.find((text) => text.includes(message))).toContain('Eve has learned Latin.')
    held.release()
    expect((await ended(running)).replies).toEqual(['Version 2.', WORDS])
  })
})

describe('two turns of one agent at the same time', () => {
  it('see what they wrote themselves, and nothing that the other one has not committed', async () => {
    const names = ['Ann', 'Ben']
    const written = names.map((name) => model.hold(`written by ${name}`))
    const read = names.map((name) => model.hold(`read by ${name}`))
    const asked = await Promise.all(names.map((name) => drop(`WRITE ${name}`)))
    for (const holds of [written, read]) {
      await Promise.all(holds.map((held) => held.asked))
      for (const { release } of holds) release()
    }
    const own = (name: string) => `log of ${name}, memory of ${name}; cache of ${name}`
    const replies = await Promise.all(asked.map(async (one) => (await ended(one)).replies))
    expect(replies).toEqual(names.map((name) => [own(name), WORDS]))
    // Then there are both.
    const later = await say('WRITE Cid')
    const all = ['Ann', 'Ben', 'Cid']
    expect(later.replies[0]).toBe(
      `${[...all.map((name) => `log of ${name}`), ...all.map((name) => `memory of ${name}`)].join(', ')}; cache of Cid`,
    )
  })
})

describe('an agent with wicked plugins', () => {
  const hang = () => say('HANG there.', MALLORY)
  let hanging: ReturnType<typeof hang>
  beforeAll(() => {
    hanging = hang()
  })

  it.each<[string, string, readonly string[]]>([
    ['calls back ten times, and once more after it returned', 'TENFOLD', tenfold()],
    ['changes all that it was given, and returns a text', 'SPOIL', []],
    ['leaves a rejection and a timer that throws', 'STRAY', []],
    ['throws', 'THROW', []],
    ['failed in its init: its action is not there', 'SHADOW', []],
  ])('ends the turn of an action that %s', async (_what, action, said) => {
    const { turn, replies } = await say(`${action} now.`, MALLORY)
    expect(turn).toMatchObject({ state: 'replied', gen: 1 })
    expect(replies).toEqual([...said, WORDS])
  })

  it('names a model that answers null, and asks the next one', async () => {
    const { turn, replies } = await say('MODEL now.', MALLORY)
    expect(replies).toEqual([WORDS])
    const calls = turn.modelCalls.filter(({ step }) => step === 'runAction:0')
    expect(calls).toMatchObject([
      { vendor: 'plugin:wicked', errorCode: 'model_rejected' },
      { vendor: 'openai', state: 'complete' },
    ])
    expect(calls[0]?.error).toContain("plugin 'wicked'")
  })

  it('is what it was, and says by name what was wrong', async () => {
    const { replies } = await say('TENFOLD again.', MALLORY)
    expect(replies).toEqual([...tenfold(), WORDS])
    const report = await reportOf(MALLORY)
    expect(report).toContain('throws-in-init')
    expect(dev.log()).toContain('Nobody awaits me.') // of one member the report has the last failure
    for (const fault of ['Not today', 'Thrown by a timer', 'No luck']) {
      expect(report).toContain(fault)
    }
    expect(report).toMatch(/provider NUMBER/)
    expect(report).toMatch(/after the member had ended/)
  })

  it('answers with a provider that never ends, and its neighbour answers meanwhile', async () => {
    expect((await say('Are you well?')).replies).toEqual([WORDS])
    const { turn, replies } = await hanging
    expect(turn.state).toBe('replied')
    expect(replies).toEqual([WORDS])
    expect(await reportOf(MALLORY)).toContain('provider HANGS')
  })
})

const reportOf = async (character: { name: string }) =>
  (await client.get(`/api/agents/${agentIdOf(character)}/plugins`)).text()

function tenfold(): string[] {
  return Array.from({ length: 10 }, (_, n) => `Number ${n + 1}.`)
}
