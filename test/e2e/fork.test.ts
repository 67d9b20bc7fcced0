import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { turnDiff } from '../../schema/fork-api.ts'
import { type House, openHouse, type Worker } from '../support/e2e-house.ts'
import { type Answer, type ChatBody, promptText } from '../support/stub-openai-answer.ts'
import { heldReply, messageIn } from './answers.ts'
import { type Client, createClient } from './client.ts'
import { ORDERS_VARIABLE } from './orders.ts'
import { until } from './until.ts'

const SHOP_WORKER = fileURLToPath(new URL('./shop-worker.ts', import.meta.url))
const OTHER = 'another-model'
const folder = mkdtempSync(join(tmpdir(), 'turnkeeper-orders-'))
const file = join(folder, 'orders')

let house: House
let client: Client
let api: string[]
let worker: Worker

const startWorker = () => house.startWorker({ [ORDERS_VARIABLE]: file }, SHOP_WORKER)
const orders = () => readFileSync(file, 'utf8').trim().split('\n')

beforeAll(async () => {
  house = await openHouse()
  const { url } = await house.startApi()
  worker = await startWorker()
  client = createClient(url)
  api = ['--api-url', url, '--json']
})

afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true, force: true })
})

const ordering = (text: string, pizza: string): Answer => ({
  kind: 'text',
  text: `<response><thought>Hungry.</thought><actions>REPLY, ORDER</actions><params>{"ORDER": {"pizza": "${pizza}"}}</params><text>${text}</text></response>`,
})

/** The fork's calls carry the model that was asked for, whichever worker makes them. */
const forkCalls = (message: string) =>
  house.stub
    .requests()
    .filter(({ body }) => body.model === OTHER && messageIn(promptText(body)) === message)

describe('a turn that is forked with another model', () => {
  it('shows what that one says, orders nothing, says nothing to the person, and survives a kill', async () => {
    const [channel, message] = [randomUUID(), `A pizza, please. ${randomUUID()}`]
    let isKilled = false
    house.answer(({ model }: ChatBody) => {
      if (model !== OTHER) return ordering('Coming up.', 'Margherita')
      return isKilled ? ordering('Certainly.', 'Funghi') : heldReply('Half of an answer.')
    })
    const { turnId } = await client.say(channel, message)
    const original = await client.settled(turnId)
    const said = await client.messages(channel)
    expect(orders()).toHaveLength(1)

    const forking = house.run([
      'turn',
      'fork',
      turnId,
      '--model',
      OTHER,
      '--from',
      'decide',
      ...api,
    ])
    await until('the model call of the fork', () => forkCalls(message)[0])
    await worker.end('SIGKILL')
    isKilled = true
    worker = await startWorker()
    const { code, stdout, stderr } = await forking

    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('model calls cost'),
    })
    const diff = turnDiff.parse(JSON.parse(stdout))
    expect(diff).toMatchObject({
      ...{ forkOf: turnId, from: 'decide', model: OTHER, state: 'replied', prompt: [] },
      text: { before: 'Coming up.', after: 'Certainly.' },
      before: { state: 'replied', models: [expect.stringContaining('model-of-worker')], calls: 1 },
      after: { state: 'replied', models: [`openai/${OTHER}`], calls: 2 },
    })
    const parameters = { before: { pizza: 'Margherita' }, after: { pizza: 'Funghi' } }
    expect(diff.actions).toMatchObject({
      before: [{ action: 'ORDER', dryRun: false, said: ['Ordered: Margherita.'] }],
      after: [{ action: 'ORDER', dryRun: true, success: true, said: [] }],
      ...{ added: [], removed: [], changed: [{ action: 'ORDER', ...parameters }] },
    })
    const [first, second] = forkCalls(message)
    expect(first?.state).toBe('aborted')
    expect(second?.body.messages).toEqual(first?.body.messages)

    expect(orders()).toHaveLength(1)
    expect(await client.messages(channel)).toEqual(said)
    expect(await client.trace(turnId)).toEqual(original)
    await expectHidden(diff.forkId, original.agentId, turnId)
  })
})

/** A fork is in lists only when it is asked for, and its channel takes no messages. */
async function expectHidden(forkId: string, agentId: string, turnId: string): Promise<void> {
  const list = async (query: string) => {
    const { data } = (await (await client.get(`/api/agents/${agentId}/turns${query}`)).json()) as {
      data: { turns: { turnId: string }[] }
    }
    return data.turns.map((turn) => turn.turnId)
  }
  expect(await list('')).toEqual([turnId])
  expect(await list('?forks=true')).toEqual([forkId, turnId])
  const { channelId, forkOf } = await client.trace(forkId)
  expect(forkOf).toBe(turnId)
  const posted = await client.post(channelId, 'Is anybody there?')
  expect(posted.status).toBe(409)
}
