import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { ApplicationFailure } from '@temporalio/common'
import type { WorkContext } from '../../agent/context.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { journaled } from '../../turns/journal.ts'
import { readPrompt } from '../../turns/prompts.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { createAgent, headOf, runTurn } from '../support/turn-fixtures.ts'

describeDatabases('a change that shows only at the commit that it can never be stored', (open) => {
  let database: OpenDatabase
  let bench: StepBench
  let strangers: RecordWrite
  let handled: number

  const put = (id: string, name: string): RecordWrite => ({
    kind: 'entity.put',
    entity: { id, names: [name], metadata: {} },
  })
  const work = ({ write, say }: WorkContext) => {
    handled += 1
    say({ text: 'It is ordered.' })
    write({ kind: 'cache.put', key: 'beside', value: 1 })
    write(strangers)
  }
  const plugin: Plugin = {
    ...{ name: 'shop', description: 'A shop.' },
    providers: [
      {
        name: 'STOCK',
        async get(context) {
          if (context.step === 'composeState' && 'write' in context) work(context as WorkContext)
          return { text: 'There is pizza.' }
        },
      },
    ],
    actions: [
      {
        ...{ name: 'ORDER', description: 'Orders.', effect: 'once' },
        async handler(context) {
          work(context)
          return { success: true }
        },
      },
    ],
    evaluators: [
      { name: 'LOOK', description: 'Looks.', handler: async (context) => work(context) },
    ],
  }

  beforeAll(async () => {
    database = await open()
    const other = await createAgent(database.db)
    bench = createStepBench({ database, plugins: [plugin] })
    const id = randomUUID()
    strangers = put(id, 'Mine')
    await bench.worker().records.commit(other, [put(id, 'Theirs')])
  })
  beforeEach(() => {
    handled = 0
  })
  const running = async () => ({
    ...headOf(await runTurn(database.db, await bench.channel())),
    heartbeatTimeoutMs: 3_000,
  })
  const said = async (turnId: string) => {
    const of = database.db.selectFrom('messages').select('content').where('turn_id', '=', turnId)
    return (await of.execute()).map(({ content }) => content)
  }
  const beside = (agentId: string) => bench.worker().records.of(agentId).cached('beside')

  it('fails the action, which is not run again, and keeps what it said', async () => {
    const turn = await running()
    const step = { ordinal: 0, action: 'ORDER' }
    const run = (attempt: number) => bench.attempt(attempt, (a) => a.runAction(turn, step))
    expect(await run(1)).toBe('done')
    expect(await run(2)).toBe('done')
    expect(handled).toBe(1)
    expect(await journaled(database.db, turn.turnId, 1, 'runAction:0')).toEqual({
      ...{ action: 'ORDER', success: false },
      error: expect.stringMatching(/what it wrote is not stored: .*belongs to another agent/),
    })
    expect(await said(turn.turnId)).toEqual(['It is ordered.'])
    expect(await beside(turn.agentId)).toBeUndefined()
  })

  it('leaves the prompt of its provider, with the reason', async () => {
    const turn = await running()
    await bench.attempt(1, (activities) => activities.composeState(turn))
    expect(handled).toBe(1)
    const stored = await readPrompt(database.db, turn, 'decide')
    expect(stored?.prompt).toContain('There is pizza.')
    expect(stored?.state.notStored).toContain('belongs to another agent')
    expect(bench.warnings.at(-1)).toContain(
      "What plugins wrote in the step 'composeState' is not stored.",
    )
    expect(await beside(turn.agentId)).toBeUndefined()
  })

  it('fails the evaluator for good, without a second run', async () => {
    const turn = await running()
    const run = bench.attempt(1, (activities) => activities.evaluate(turn, 'LOOK'))
    const failure: unknown = await run.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApplicationFailure)
    expect(failure).toMatchObject({ nonRetryable: true })
    expect(await said(turn.turnId)).toEqual([])
  })
})
