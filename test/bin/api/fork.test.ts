import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { Action, ActionContext } from '../../../agent/action.ts'
import type { Plugin } from '../../../agent/plugin.ts'
import type { NewFork, TurnDiff } from '../../../api/forks-port.ts'
import { type AgentStore, createAgentStore } from '../../../bin/agent-store.ts'
import { createForksPort } from '../../../bin/api/fork.ts'
import { createSecretBox } from '../../../bin/secrets.ts'
import type { OpenDatabase } from '../../../database/open.ts'
import { parseCharacter } from '../../../schema/character.ts'
import type { Ending, HeadTurn } from '../../../schema/turn.ts'
import { describeDatabases } from '../../support/databases.ts'
import { createLoopbackConnector } from '../../support/loopback-connector.ts'
import { createStepBench, type StepBench } from '../../support/step-bench.ts'
import { type Answer, type StubOpenai, startStubOpenai } from '../../support/stub-openai.ts'
import { createChannel, headOf, runTurn, type TestChannel } from '../../support/turn-fixtures.ts'

const SECRET = 'sk-canary-of-a-fork'
const ADA = { name: 'Ada', bio: 'A companion.', settings: { OPENAI_LARGE_MODEL: 'first' } }

const answer = (actions: string, text: string, params = ''): Answer => ({
  kind: 'text',
  text: `<response><thought>t</thought><actions>${actions}</actions>${params}<text>${text}</text></response>`,
})

describeDatabases('a turn that is run again', (open) => {
  let database: OpenDatabase
  let vendor: StubOpenai
  let script: (model: string) => Answer
  let agents: AgentStore
  let bench: StepBench
  let ran: { action: string; parameters: object }[]
  let asked: string[]
  let stockTakings: number

  beforeAll(async () => {
    database = await open()
    vendor = await startStubOpenai(({ model = '' }) => script(model))
  })
  afterAll(() => vendor.close())
  beforeEach(() => {
    ran = []
    asked = []
    stockTakings = 0
    script = () => answer('REPLY', 'Hello.')
    const box = createSecretBox('a salt')
    agents = createAgentStore({
      db: database.db,
      plugins: [shop()],
      box,
      onSecrets: () => undefined,
    })
    const connector = createLoopbackConnector()
    const { registry } = agents
    bench = createStepBench({ database, modelUrl: vendor.url, agents: registry, connector })
  })
  const forks = () =>
    createForksPort({ db: database.db, agents, turnDeadlineMs: 300_000, kick: () => undefined })

  const shop = (): Plugin => {
    const action = (name: string, given: Partial<Action>): Action => ({
      ...{ name, description: name, effect: 'once' },
      handler: async (context: ActionContext) => {
        ran.push({ action: name, parameters: context.parameters })
        context.say({ text: `${name} was done.` })
        context.remember({ type: 'facts', entityId: context.agent.id, content: { text: name } })
        const [source, target] = [context.agent.id, context.message.entityId]
        context.relate({ sourceEntityId: source, targetEntityId: target, tags: [name] })
        return { success: true }
      },
      ...given,
    })
    const dear = ({ amount }: { amount?: unknown }) => Number(amount) > 10
    return {
      name: 'shop',
      description: 'Sells.',
      providers: [
        {
          name: 'STOCK',
          get: async () => {
            stockTakings += 1
            return { text: 'Much is left.' }
          },
        },
      ],
      actions: [
        action('ORDER', {
          parameters: [{ name: 'amount', description: 'How many.' }],
          requiresApproval: dear,
        }),
        action('LOOK', { effect: 'none' }),
      ],
    }
  }

  async function channelOf(character: object = ADA): Promise<TestChannel> {
    const { id } = await agents.create(parseCharacter({ ...character, id: randomUUID() }, 'a test'))
    await agents.setStatus(id, 'active')
    return createChannel(database.db, { agentIds: [id], source: 'loopback' })
  }
  /** What the Workflow does, step by step; each in a worker of its own. */
  async function runToTheEnd(turn: HeadTurn): Promise<void> {
    const input = { ...turn, heartbeatTimeoutMs: 3_000 }
    await bench.attempt(1, (activities) => activities.admit(input))
    let ending: Ending = { kind: 'decided', round: 1 }
    try {
      const decision = await bench.attempt(1, (activities) => activities.shouldRespond(input))
      asked.push(decision)
      await bench.attempt(1, (activities) => activities.composeState(input, 1))
      const { actions } = await bench.attempt(1, (activities) => activities.decide(input))
      for (const [ordinal, action] of actions.entries()) {
        const step = { ordinal, action }
        asked.push(await bench.attempt(1, (activities) => activities.runAction(input, step)))
      }
    } catch {
      ending = { kind: 'failed', code: 'model_rejected' }
    }
    const { evaluators } = await bench.attempt(1, (activities) => activities.settle(input, ending))
    asked.push(...evaluators)
  }
  async function original(channel: TestChannel): Promise<HeadTurn> {
    const turn = headOf(await runTurn(database.db, channel))
    await runToTheEnd(turn)
    return turn
  }
  async function forked({ turnId }: HeadTurn, options: NewFork = {}): Promise<TurnDiff> {
    const { forkId, deadlineAt } = await forks().create(turnId, options)
    const { agent_id: agentId, room_id: roomId } = await rowOf(forkId)
    await runToTheEnd({ turnId: forkId, gen: 1, agentId, roomId, deadlineAt })
    return forks().diff(forkId)
  }
  const rowOf = (id: string) =>
    database.db.selectFrom('turns').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const rows = async (
    table: 'messages' | 'relationships' | 'outbox' | 'approvals',
  ): Promise<string[]> =>
    (await database.db.selectFrom(table).select('id').execute()).map(({ id }) => id).sort()

  it('with another model shows another answer to the same prompt', async () => {
    script = (model) => answer('REPLY', `I am ${model}.`)
    const turn = await original(await channelOf())
    expect(stockTakings).toBe(1)
    const diff = await forked(turn, { model: 'second', from: 'decide' })
    expect(stockTakings).toBe(1)
    expect(diff).toMatchObject({
      ...{
        forkOf: turn.turnId,
        from: 'decide',
        model: 'second',
        character: null,
        state: 'replied',
      },
      before: { models: ['openai/first'], calls: 1, state: 'replied' },
      after: { models: ['openai/second'], calls: 1, state: 'replied' },
      prompt: [],
      text: { before: 'I am first.', after: 'I am second.' },
    })
    expect(diff.text.diff).toEqual(['@@ -1,1 +1,1 @@', '-I am first.', '+I am second.'])
    expect(diff.after.inputTokens).toBe(diff.before.inputTokens)
    const [one, two] = vendor.requests().slice(-2)
    expect(two?.body.messages).toEqual(one?.body.messages)
  })

  it('with another character shows how the prompt differs, and keeps its secrets sealed', async () => {
    const turn = await original(await channelOf({ ...ADA, secrets: { OPENAI_API_KEY: SECRET } }))
    const stored = await agents.stored((await rowOf(turn.turnId)).agent_id)
    const character = {
      ...{ name: 'Bob', bio: 'A pirate of the seas.', settings: ADA.settings },
      secrets: { OPENAI_API_KEY: '********', OTHER_KEY: 'other-canary' },
    }
    const diff = await forked(turn, { character })
    expect(diff.character).toBe('Bob')
    expect(diff.prompt).toContainEqual(expect.stringMatching(/^\+.*A pirate of the seas\./))
    expect(diff.prompt).toContainEqual(expect.stringMatching(/^-.*A companion\./))
    expect(vendor.requests().at(-1)?.authorization).toBe(`Bearer ${SECRET}`)
    const { rows: written } = await database.db
      .selectFrom('forks')
      .selectAll()
      .execute()
      .then((all) => ({
        rows: JSON.stringify(all),
      }))
    expect(written).toContain('A pirate')
    expect(written + JSON.stringify(diff)).not.toMatch(/canary/)
    expect(await agents.stored(stored.id)).toEqual(stored)
  })

  it('rehearses actions that have an effect, and carries out the others in its own room', async () => {
    const channel = await channelOf()
    script = () => answer('ORDER, LOOK', 'Done.', '<params>{"ORDER": {"amount": 3}}</params>')
    const turn = await original(channel)
    expect(ran.map(({ action }) => action)).toEqual(['ORDER', 'LOOK'])
    await database.db.deleteFrom('relationships').execute()
    const before = [await rows('relationships'), await rows('outbox'), await rows('approvals')]
    script = () => answer('ORDER, LOOK', 'Done.', '<params>{"ORDER": {"amount": 30}}</params>')
    const diff = await forked(turn)
    expect(ran.map(({ action }) => action)).toEqual(['ORDER', 'LOOK', 'LOOK'])
    expect(diff.actions.after).toMatchObject([
      { action: 'ORDER', dryRun: true, wouldAsk: true, parameters: { amount: 30 }, said: [] },
      { action: 'LOOK', dryRun: false, success: true, said: ['LOOK was done.'] },
    ])
    expect(diff.actions).toMatchObject({ added: [], removed: [] })
    expect(diff.actions.changed).toEqual([
      { action: 'ORDER', before: { amount: 3 }, after: { amount: 30 } },
    ])
    expect([await rows('relationships'), await rows('outbox'), await rows('approvals')]).toEqual(
      before,
    )
    expect(asked).not.toContain('needs_approval')
    const facts = database.db.selectFrom('memories').select('room_id').where('type', '=', 'facts')
    const { room_id: shadow } = await rowOf(diff.forkId)
    expect(
      await facts.where('room_id', '=', shadow).where('turn_id', '=', diff.forkId).execute(),
    ).toHaveLength(1)
  })

  it('begins where it is told to, with what the original decided', async () => {
    script = () => answer('ORDER, LOOK', 'Done.')
    const turn = await original(await channelOf())
    const calls = vendor.requests().length
    ran = []
    const diff = await forked(turn, { from: 'runAction:1', model: 'second' })
    expect(ran.map(({ action }) => action)).toEqual(['LOOK'])
    expect(vendor.requests()).toHaveLength(calls)
    expect(diff).toMatchObject({
      after: { calls: 0, models: [] },
      text: { after: 'Done.', diff: [] },
    })
    expect(diff.actions.after).toMatchObject([
      { action: 'ORDER', dryRun: false, success: true, said: ['ORDER was done.'] },
      { action: 'LOOK', said: ['LOOK was done.'] },
    ])
  })

  it('says nothing when it fails, is evaluated by nobody, and is no dead letter', async () => {
    const turn = await original(await channelOf())
    script = () => ({ kind: 'status', status: 400 })
    asked = []
    const diff = await forked(turn)
    expect(diff).toMatchObject({
      after: { state: 'failed', code: 'model_rejected' },
      text: { before: 'Hello.', after: null },
    })
    expect(asked).toEqual(['respond'])
    expect((await rowOf(diff.forkId)).dead_letter).toBeNull()
  })

  it('has its own agent on every worker, also when it was loaded before as the real one', async () => {
    const turn = await original(await channelOf())
    const { agent_id: id } = await rowOf(turn.turnId)
    const { forkId } = await forks().create(turn.turnId, { model: 'second' })
    const real = await agents.registry.get(id, 0)
    const other = createAgentStore({
      ...{ db: database.db, plugins: [shop()], box: createSecretBox('a salt') },
      onSecrets: () => undefined,
    })
    for (const { registry } of [agents, other]) {
      const own = await registry.get(id, 0, forkId)
      expect(own).toMatchObject({ id, evaluators: [], settings: { OPENAI_LARGE_MODEL: 'second' } })
      expect(own.actions.map(({ name }) => name)).toEqual(real.actions.map(({ name }) => name))
      expect(new Set(own.actions.map(({ effect }) => effect))).toEqual(new Set(['none']))
    }
    expect(await agents.registry.get(id, 0)).toBe(real)
    expect(real.settings.OPENAI_LARGE_MODEL).toBe('first')
  })

  it('is listed with its original, and refuses a comparison of what is no fork', async () => {
    const turn = await original(await channelOf())
    const { forkId } = await forked(turn, { model: 'second' })
    expect(await forks().list(turn.turnId)).toMatchObject([
      { forkId, forkOf: turn.turnId, model: 'second', state: 'replied', code: null },
    ])
    expect(await forks().originalOf(forkId)).toBe(turn.turnId)
    await expect(forks().diff(turn.turnId)).rejects.toThrow('is no fork')
    await expect(forks().originalOf(turn.turnId)).rejects.toThrow('is no fork')
    await expect(forks().originalOf(randomUUID())).rejects.toThrow('No turn has the id')
    await expect(forks().list(randomUUID())).rejects.toThrow('No turn has the id')
    const character = { name: 'Bob', bio: 'x', lore: [] }
    await expect(forks().create(turn.turnId, { character })).rejects.toThrow('lore')
  })
})
