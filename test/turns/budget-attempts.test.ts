import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { ApplicationFailure } from '@temporalio/common'
import { buildAgent } from '../../agent/build-agent.ts'
import type { Ports } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { settle } from '../../turns/settle.ts'
import { usedOf } from '../support/budget-lines.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { replyXml, type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { contents, settlementOf } from '../support/turn-fixtures.ts'

/** The price of the stub is not known, so budgets count tokens. */
const SETTINGS = { budgets: [{ per: 'user', period: 'day', tokens: 20_000 }] }

describeDatabases('a budget, when the model step is attempted twice', (open) => {
  let database: OpenDatabase
  let stub: StubOpenai
  let bench: StepBench
  let letFirstAnswerEnd: () => void
  let dieBeforeJournal = false

  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    const held = new Promise<void>((resolve) => {
      letFirstAnswerEnd = resolve
    })
    stub = await startStubOpenai((_, n) => ({
      ...{ kind: 'text', text: replyXml(`Answer ${n}.`) },
      pauseAfterFirst: n === 1 ? held : undefined,
    }))
    dieBeforeJournal = false
    const character = { name: 'Ada', bio: 'A companion.' }
    bench = createStepBench({
      ...{ database, modelUrl: stub.url },
      agents: { get: async (id) => buildAgent(id, character, SETTINGS, []) },
      tamper: (ports) => (dieBeforeJournal ? dying(ports) : ports),
    })
  })
  afterEach(async () => {
    letFirstAnswerEnd()
    await stub.close()
  })

  const decide = (turn: TurnInput, attempt: number) =>
    bench.attempt(attempt, (activities) => activities.decide(turn))
  const outcomeOf = (work: Promise<unknown>) =>
    work.catch((error: unknown) => (error instanceof ApplicationFailure ? error.type : error))
  const used = async ({ agentId }: TurnInput) =>
    (await usedOf(database.db, agentId))['user day tokens'] ?? 0
  const callsOf = ({ turnId }: TurnInput) =>
    database.db
      .selectFrom('model_calls')
      .select(['attempt', 'state', 'input_tokens', 'output_tokens', 'charges'])
      .where('turn_id', '=', turnId)
      .orderBy('attempt')
      .execute()
  const billed = async (turn: TurnInput) =>
    (await callsOf(turn)).reduce(
      (sum, call) => sum + (call.input_tokens ?? 0) + (call.output_tokens ?? 0),
      0,
    )
  const heldBy = async (turn: TurnInput, attempt: number) =>
    (await callsOf(turn)).find((call) => call.attempt === attempt)?.charges?.[0]?.held ?? 0
  const besideTheCall = async () => ({
    ...(await contents(database.db)),
    ...{ model_calls: [], budget_usage: [] },
  })

  it('holds what the first may use until that answers, and then counts what both used', async () => {
    const turn = await bench.turn()
    const first = outcomeOf(decide(turn, 1))
    await stub.received(1)
    const held = await used(turn)
    expect(held).toBeGreaterThan(4_096)
    expect(await heldBy(turn, 1)).toBe(held)

    await decide(turn, 2)
    const spent = (await used(turn)) - held
    expect(spent).toBe(await heldBy(turn, 2))
    expect(spent).toBeLessThan(held)

    const before = await besideTheCall()
    const second = (await callsOf(turn))[1]
    letFirstAnswerEnd()
    expect(await first).toBe('fenced')
    expect(await besideTheCall()).toEqual(before)
    expect((await callsOf(turn))[1]).toEqual(second)
    expect(await used(turn)).toBe(await billed(turn))
  })

  it('is not charged again for an answer that was paid before its worker died', async () => {
    const turn = await bench.turn()
    letFirstAnswerEnd()
    dieBeforeJournal = true
    await outcomeOf(decide(turn, 1))
    dieBeforeJournal = false
    const spent = await used(turn)
    expect(spent).toBe(await billed(turn))

    await decide(turn, 2)
    expect(stub.requests()).toHaveLength(1)
    expect(await used(turn)).toBe(spent)
  })

  it('goes on holding what nobody answered, after the turn has ended', async () => {
    const turn = await bench.turn()
    const first = outcomeOf(decide(turn, 1))
    await stub.received(1)
    const held = await used(turn)
    const ended = settlementOf(turn, { state: 'timed_out', code: 'deadline_exceeded', reply: null })
    await settle(database.db, ended)
    expect(await used(turn)).toBe(held)

    letFirstAnswerEnd()
    expect(await first).toBe('fenced')
    expect(await used(turn)).toBe(await billed(turn))
  })

  it('lets nobody ask when what is left does not suffice', async () => {
    const turn = await bench.turn()
    const first = outcomeOf(decide(turn, 1))
    await stub.received(1)
    await database.db
      .updateTable('budget_usage')
      .set({ used: 19_000 })
      .where('agent_id', '=', turn.agentId)
      .execute()
    expect(await outcomeOf(decide(turn, 2))).toBe('budget_exhausted')
    expect(stub.requests()).toHaveLength(1)
    expect(await callsOf(turn)).toHaveLength(1)
    letFirstAnswerEnd()
    await first
  })
})

/** The process is gone after the answer was written to the ledger. */
const dying = (ports: Ports): Ports => ({
  ...ports,
  journal: {
    ...ports.journal,
    finish: () => Promise.reject(new Error('The worker is dead.')),
  },
})
