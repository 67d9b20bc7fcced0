import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { main } from '../../bin/cli.ts'
import { parseCharacter } from '../../schema/character.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { fakePipe } from '../support/fake-io.ts'
import { type ServedApi, serveApi } from '../support/served-api.ts'

let dataDir: string
let fake: FakeApi
let api: ServedApi
let turnId: string

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-cli-'))
  fake = createFakeApi()
  await fake.deps.agents.create(parseCharacter({ name: 'Ada', bio: ['x'] }, 'a test'))
  const { turns } = await fake.deps.messages.accept({
    channelId: '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a11',
    authorId: '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a12',
    content: 'Hi',
    ...{ sourceType: 'test', rawMessage: {}, metadata: {}, isDirect: true },
  })
  turnId = turns[0]?.turnId ?? ''
  api = await serveApi(fake.deps)
})

afterEach(async () => {
  await api.stop()
  rmSync(dataDir, { recursive: true })
})

async function run(...argv: string[]) {
  const { io, seen } = fakePipe()
  const env = { TURNKEEPER_DATA_DIR: dataDir, TURNKEEPER_API_URL: api.url }
  const code = await main(['dead-letter', ...argv], { ...io, env })
  return { code, ...seen }
}

const fail = (error = 'The key is wrong.') =>
  fake.settle(turnId, { state: 'failed', code: 'model_rejected', error })

describe('turnkeeper dead-letter', () => {
  it('says that there are none', async () => {
    expect(await run('list')).toMatchObject({ code: 0, stdout: 'There are none.\n' })
  })

  it('lists what was said, and why it was not answered, each on a printable line', async () => {
    fail('The key\u001b[2J is\nwrong.')
    const { stdout } = await run('list')
    expect(stdout.split('\n')).toEqual([
      `${turnId}  open  1970-01-01T00:00:00.001Z`,
      '  said     Hi',
      '  reason   model_rejected: The key␛[2J is wrong.',
      '',
    ])
  })

  it('shows one with its trace, and what was done about it', async () => {
    fail()
    await run('skip', turnId, '--comment', 'A test of ours')
    const { code, stdout } = await run('show', turnId)
    expect(code).toBe(0)
    expect(stdout).toContain(`${turnId}  skipped`)
    expect(stdout).toContain(
      `skipped by ${userInfo().username} after generation 1 (model_rejected): A test of ours`,
    )
    expect(stdout).toContain(`Turn ${turnId}  failed`)
  })

  it('retries one with another text, and refuses to do so twice', async () => {
    fail()
    const { code, stdout } = await run('retry', turnId, '--text', 'Hi, please')
    expect(code).toBe(0)
    expect(stdout).toContain('retried, generation 2 is queued')
    expect(stdout).toContain(`turnkeeper turn show ${turnId}`)
    const again = await run('retry', turnId)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('The API refused (409)')
  })

  it('lists those of one agent', async () => {
    fail()
    const { agentId } = await fake.deps.turns.result(turnId)
    expect((await run('list', '--agent', agentId)).stdout).toContain(turnId)
    expect((await run('list', '--agent', turnId)).stdout).toBe('There are none.\n')
  })

  it('shows what was said at first as the retries know it, not as a client calls it', async () => {
    fail()
    const { get } = fake.deps.deadLetters
    const letter = await get(turnId)
    const act = { act: 'retry', at: 1, by: 'sam', comment: null, gen: 1 } as const
    const ending = { state: 'failed', code: 'internal', error: null } as const
    const metadata = { originalText: 'A translation.' }
    fake.deps.deadLetters.get = async () => ({ ...letter, message: { content: 'Hi', metadata } })
    expect((await run('show', turnId)).stdout).not.toContain('A translation.')
    const acts = ['Hi?', 'Hi!'].map((originalText) => ({ ...act, ...ending, originalText }))
    fake.deps.deadLetters.get = async () => ({ ...letter, acts })
    expect((await run('show', turnId)).stdout).toContain('Said at first\nHi?\n')
  })

  it('prints JSON for scripts', async () => {
    fail()
    const { stdout } = await run('list', '--state', 'all', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ deadLetters: [{ turnId }], next: null })
    expect(JSON.parse((await run('retry', turnId, '--json')).stdout)).toMatchObject({
      deadLetter: 'retried',
    })
  })

  it('ends with 4 for a turn that is none, and says so', async () => {
    const { code, stderr } = await run('show', '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a19')
    expect(code).toBe(4)
    expect(stderr).toContain('No dead letter has the id')
  })

  it('says what was meant when only half a command is given', async () => {
    const { code, stderr } = await run('rety', turnId)
    expect(code).toBe(2)
    expect(stderr).toContain("Did you mean 'dead-letter retry'?")
  })
})
