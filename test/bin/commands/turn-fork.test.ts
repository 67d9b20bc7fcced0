import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { NewFork } from '../../../api/forks-port.ts'
import { main } from '../../../bin/cli.ts'
import { parseCharacter } from '../../../schema/character.ts'
import { eventually } from '../../support/eventually.ts'
import { createFakeApi, type FakeApi } from '../../support/fake-api-deps.ts'
import { fakePipe } from '../../support/fake-io.ts'
import { type ServedApi, serveApi } from '../../support/served-api.ts'

let folder: string
let fake: FakeApi
let api: ServedApi
let turnId: string
let asked: NewFork[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnkeeper-fork-'))
  fake = createFakeApi()
  asked = []
  await fake.deps.agents.create(parseCharacter({ name: 'Ada', bio: ['x'] }, 'a test'))
  const { turns } = await fake.deps.messages.accept({
    channelId: '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a11',
    authorId: '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a12',
    ...{ content: 'Hi', sourceType: 'test', rawMessage: {}, metadata: {}, isDirect: true },
  })
  turnId = turns[0]?.turnId ?? ''
  fake.settle(turnId, { state: 'replied' })
  const forks = {
    ...fake.deps.forks,
    create: (id: string, fork: NewFork) => {
      asked.push(fork)
      return fake.deps.forks.create(id, fork)
    },
  }
  api = await serveApi({ ...fake.deps, forks })
})
afterEach(async () => {
  await api.stop()
  rmSync(folder, { recursive: true })
})

/** Starts a command line; `seen` is what it wrote so far. */
function start(...argv: string[]) {
  const { io, seen } = fakePipe()
  const host = { ...io, env: { TURNKEEPER_DATA_DIR: folder, TURNKEEPER_API_URL: api.url } }
  return { seen, ended: main(argv, host) }
}

const forkOf = ({ stderr }: { stderr: string }) => /^fork (\S+)$/m.exec(stderr)?.[1] ?? ''

/** Forks the turn, and lets the fork end. */
async function forked(ending: Parameters<FakeApi['settle']>[1], ...flags: string[]) {
  const { seen, ended } = start('turn', 'fork', turnId, ...flags)
  await eventually(
    () => forkOf(seen) !== '',
    () => seen.stderr,
  )
  fake.settle(forkOf(seen), ending)
  return { code: await ended, ...seen }
}

describe('turnkeeper turn fork', () => {
  it('says what it does and what it costs, waits for the end, and shows the difference', async () => {
    const steps = [step('decide', 1), step('shouldRespond', 0)]
    const ending = { state: 'replied' as const, reply: { text: 'After.' }, steps }
    const { code, stdout, stderr } = await forked(ending, '--model', 'other', '--from', 'decide')
    expect(code).toBe(0)
    expect(asked).toEqual([{ model: 'other', from: 'decide' }])
    expect(stderr).toContain('in a shadow room')
    expect(stderr).toContain('model calls cost')
    expect(stderr).toMatch(/^ {2}decide$/m)
    expect(stderr).not.toContain('shouldRespond') // it was taken over
    expect(stdout).toContain(`of turn   ${turnId}`)
    expect(stdout).toContain('from decide, with the model other')
    expect(stdout).toContain('Text\n-Before.\n+After.')
    expect(stdout).not.toContain('\x1b')
  })

  it('sends a character file, and prints JSON', async () => {
    const file = join(folder, 'bob.json')
    const character = { name: 'Bob', bio: 'A pirate.' }
    writeFileSync(file, JSON.stringify(character))
    const { code, stdout } = await forked({ state: 'ignored' }, '--json', '--character', file)
    expect(code).toBe(0)
    expect(asked).toEqual([{ character }])
    expect(JSON.parse(stdout)).toMatchObject({ forkOf: turnId, character: 'Bob', state: 'ignored' })
  })

  it('ends with 1 when the fork ends badly, and still shows the difference', async () => {
    const { code, stdout } = await forked({ state: 'failed', code: 'model_rejected' })
    expect(code).toBe(1)
    expect(stdout).toContain('failed model_rejected')
  })

  it('leaves the fork running at Ctrl-C, and says how to see it later', async () => {
    const { seen, ended } = start('turn', 'fork', turnId)
    await eventually(() => forkOf(seen) !== '')
    process.emit('SIGINT', 'SIGINT')
    expect(await ended).toBe(1)
    const forkId = forkOf(seen)
    expect(seen.stderr).toContain(
      `The fork goes on without you. Later: turnkeeper turn diff ${forkId}`,
    )
    expect(seen.stdout).toBe('')
    expect((await fake.deps.turns.result(forkId)).state).toBe('queued')

    fake.settle(forkId, { state: 'replied', reply: { text: 'After.' } })
    const later = start('turn', 'diff', forkId)
    expect(await later.ended).toBe(0)
    expect(later.seen.stdout).toContain('+After.')
  })

  it('does nothing with two characters, a broken one, or a step that does not exist', async () => {
    const files = ['a.json', 'b.json'].map((name) => join(folder, name))
    for (const file of files) writeFileSync(file, JSON.stringify({ name: file, bio: 'x' }))
    const two = start('turn', 'fork', turnId, '--character', ...files)
    expect(await two.ended).toBe(2)
    expect(two.seen.stderr).toContain('takes one character, but --character names 2')

    writeFileSync(join(folder, 'a.json'), '{"name": "A"}')
    const broken = start('turn', 'fork', turnId, '--character', join(folder, 'a.json'))
    expect(await broken.ended).toBe(1)
    expect(broken.seen.stderr).toContain('bio')
    expect(asked).toEqual([])

    const nowhere = start('turn', 'fork', turnId, '--from', 'think')
    expect(await nowhere.ended).toBe(1)
    expect(nowhere.seen.stderr).toContain('must be one of shouldRespond, composeState')
  })

  it('ends with 4 for a turn that does not exist, and with 1 for a difference of no fork', async () => {
    const unknown = start('turn', 'fork', '00000000-0000-4000-8000-000000000000')
    expect(await unknown.ended).toBe(4)
    const none = start('turn', 'diff', turnId)
    expect(await none.ended).toBe(1)
    expect(none.seen.stderr).toContain('is no fork')
  })
})

const step = (name: string, attempt: number) => ({
  ...{ step: name, gen: 1, attempt, state: 'done' as const, startedAt: 1, finishedAt: 2 },
  ...{ result: null, error: null },
})
