import { randomUUID } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { identify } from '../../temporal/process-table.ts'
import type { Api } from '../support/e2e-house.ts'
import { heldReply, reply, requestsFor } from './answers.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { type DevFolder, openDevFolder } from './dev-folder.ts'
import { follow } from './following.ts'
import { until } from './until.ts'

const WHOLE = 'The whole answer.'
/** The drain, 10 s by default, is waited for in vain by one test. */
const DRAIN_MS = '3000'

/** The tests follow one another in one folder: each starts where the one before has ended. */
let folder: DevFolder
let dev: Api
let client: Client

beforeAll(async () => {
  folder = await openDevFolder({ isWhole: true, env: { TURNKEEPER_DRAIN_MS: DRAIN_MS } })
  await start()
})

afterAll(() => folder.close())

async function start(): Promise<void> {
  dev = await folder.start()
  client = createClient(dev.url)
}

/** Says something; the person sees the beginning of an answer whose rest waits for `release`. */
async function ask() {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  let requests = 0
  folder.answer(() => {
    requests += 1
    return requests === 1 ? heldReply(WHOLE, promise) : reply(WHOLE)
  })
  const message = `Who is there? ${randomUUID()}`
  const channel = randomUUID()
  const following = follow(await client.post(channel, message, { transport: 'sse' }))
  const { data } = await following.next('chunk')
  return { message, channel, turnId: String(data.turnId), following, release }
}

const callsOf = ({ modelCalls }: Trace) =>
  modelCalls.map(({ attempt, state }) => `${attempt} ${state}`)

const closed = () =>
  client.get('/healthz').then(
    () => undefined,
    () => true,
  )

const isAlive = (pid: number) => identify(pid) !== undefined

describe('turnkeeper dev', () => {
  it('is refused a folder in which another one runs, which goes on', async () => {
    const second = folder.spawn()
    expect(await second.end()).not.toBe(0)
    expect(second.log()).toContain(`${dev.pid}`)
    expect(second.log()).toMatch(/in use|already/)
    folder.answer(() => reply('Undisturbed.'))
    const answer = await client.say(randomUUID(), 'Are you all right?')
    expect(answer.agentResponse).toMatchObject({ text: 'Undisturbed.' })
  })

  it('killed in the middle of an answer and started again gives the answer, once', async () => {
    const { message, channel, turnId } = await ask()
    const orphan = folder.temporalPid() ?? 0
    expect(isAlive(orphan)).toBe(true)
    const killedAt = Date.now()
    await dev.end('SIGKILL')
    await start()
    const startedAt = Date.now()
    const turn = await client.settled(turnId)
    process.stderr.write(
      `kill -9 of dev: up after ${startedAt - killedAt} ms, reply after ${Date.now() - killedAt} ms\n`,
    )
    expect(turn).toMatchObject({ state: 'replied', reply: { text: WHOLE } })
    expect(callsOf(turn)).toEqual(['1 unknown', expect.stringMatching(/^[2-9] complete$/)])
    expect(await client.replies(channel)).toEqual([WHOLE])
    expect(requestsFor(folder.stub, message).map(({ state }) => state)).toEqual([
      ...['aborted', 'answered'],
    ])
    // Adopted, or ended and replaced: never two on one file.
    if (folder.temporalPid() !== orphan) expect(isAlive(orphan)).toBe(false)
  })

  it('told to end in the middle of a model call waits for it, and leaves nothing behind', async () => {
    const { message, channel, turnId, release } = await ask()
    const temporal = folder.temporalPid() ?? 0
    const ending = dev.end('SIGTERM')
    await dev.logged(/Finishing what runs/)
    await until('the API is closed', closed)
    release()
    expect(await ending).toBe(0)
    expect(isAlive(temporal)).toBe(false)
    expect(folder.temporalPid()).toBeUndefined()
    await start()
    expect(await client.settled(turnId)).toMatchObject({ state: 'replied', reply: { text: WHOLE } })
    expect(await client.replies(channel)).toEqual([WHOLE])
    expect(requestsFor(folder.stub, message).map(({ state }) => state)).toEqual(['answered'])
  })

  it('aborts at its end what takes too long, and answers it after its next start', async () => {
    const { message, channel, turnId } = await ask()
    expect(await dev.end('SIGTERM')).toBe(0)
    await start()
    const turn = await client.settled(turnId)
    expect(turn).toMatchObject({ state: 'replied', reply: { text: WHOLE } })
    expect(await client.replies(channel)).toEqual([WHOLE])
    expect(requestsFor(folder.stub, message).map(({ state }) => state)).toEqual([
      ...['aborted', 'answered'],
    ])
    expect(callsOf(turn)[0]).toMatch(/^1 (cut|unknown)$/)
  })

  it('puts a ruined Temporal database aside, and answers what was under way', async () => {
    const { message, channel, turnId } = await ask()
    const orphan = folder.temporalPid() ?? 0
    await dev.end('SIGKILL')
    process.kill(orphan, 'SIGKILL')
    await until('the end of the Temporal server', () => !isAlive(orphan) || undefined)
    await writeFile(folder.temporalFile, 'This is no database. '.repeat(500))
    await start()
    expect(dev.log()).toContain('set aside')
    const files = await readdir(dirname(folder.temporalFile))
    expect(files.filter((name) => name.includes('set-aside'))).not.toEqual([])
    const ruinedAt = Date.now()
    const turn = await client.settled(turnId)
    process.stderr.write(`a ruined Temporal database: reply after ${Date.now() - ruinedAt} ms\n`)
    expect(turn).toMatchObject({ state: 'replied', gen: 2, reply: { text: WHOLE } })
    expect(await client.replies(channel)).toEqual([WHOLE])
    expect(requestsFor(folder.stub, message)).toHaveLength(2)
  })
})
