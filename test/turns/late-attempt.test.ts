import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { ApplicationFailure } from '@temporalio/common'
import type { Ports } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { replyXml, type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { contents, settlementOf } from '../support/turn-fixtures.ts'

/** Two workers run the model step of one turn, because the first was presumed dead and was not. */
describeDatabases('two attempts of the model step', (open) => {
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
    bench = createStepBench({
      ...{ database, modelUrl: stub.url },
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
  const journalOf = ({ turnId }: TurnInput) =>
    database.db
      .selectFrom('steps')
      .select(['attempt', 'state', 'result'])
      .where('turn_id', '=', turnId)
      .where('step', '=', 'decide')
      .executeTakeFirst()
  const callsOf = ({ turnId }: TurnInput) =>
    database.db
      .selectFrom('model_calls')
      .select(['attempt', 'state', 'output_tokens', 'response'])
      .where('turn_id', '=', turnId)
      .orderBy('attempt')
      .execute()
  /** All rows but those of the ledger, which a late answer may complete. */
  const outsideLedger = async () => ({ ...(await contents(database.db)), model_calls: [] })

  it('the one that finishes late changes nothing but its own row of the ledger', async () => {
    const turn = await bench.turn()
    const first = outcomeOf(decide(turn, 1))
    await stub.received(1)
    expect(await decide(turn, 2)).toEqual({ actions: [] })
    expect(await callsOf(turn)).toMatchObject([
      { attempt: 1, state: 'unknown', response: null },
      { attempt: 2, state: 'complete' },
    ])

    const before = await outsideLedger()
    const second = (await callsOf(turn))[1]
    letFirstAnswerEnd()
    expect(await first).toBe('fenced')
    expect(await outsideLedger()).toEqual(before)
    expect(await callsOf(turn)).toEqual([
      { attempt: 1, state: 'complete', output_tokens: 5, response: replyXml('Answer 1.') },
      second,
    ])
    expect(await journalOf(turn)).toMatchObject({
      ...{ attempt: 2, state: 'done', result: { reply: 'Answer 2.', attempt: 2 } },
    })
  })

  it('a third one is given the decision, and asks nobody', async () => {
    const turn = await bench.turn()
    const first = outcomeOf(decide(turn, 1))
    await stub.received(1)
    await decide(turn, 2)
    letFirstAnswerEnd()
    await first
    const bill = stub.bill()
    const before = await contents(database.db)

    expect(await decide(turn, 3)).toEqual({ actions: [] })
    expect(stub.requests()).toHaveLength(2)
    expect(stub.bill()).toEqual(bill)
    expect(await contents(database.db)).toEqual(before)
  })

  it('an answer that was paid is used when its worker died before it was journaled', async () => {
    const turn = await bench.turn()
    letFirstAnswerEnd()
    dieBeforeJournal = true
    await outcomeOf(decide(turn, 1))
    dieBeforeJournal = false
    const bill = stub.bill()

    expect(await decide(turn, 2)).toEqual({ actions: [] })
    expect(stub.requests()).toHaveLength(1)
    expect(stub.bill()).toEqual(bill)
    expect(await journalOf(turn)).toMatchObject({ attempt: 2, result: { reply: 'Answer 1.' } })
    expect(await callsOf(turn)).toMatchObject([{ attempt: 1, state: 'complete' }])
  })

  it('one that finishes after the turn has ended changes nothing but its own row of the ledger', async () => {
    const turn = await bench.turn()
    const first = outcomeOf(decide(turn, 1))
    await stub.received(1)
    const ended = settlementOf(turn, { state: 'timed_out', code: 'deadline_exceeded', reply: null })
    await settle(database.db, ended)

    const before = await outsideLedger()
    letFirstAnswerEnd()
    expect(await first).toBe('fenced')
    expect(await outsideLedger()).toEqual(before)
    expect(await callsOf(turn)).toMatchObject([{ attempt: 1, state: 'complete' }])
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
