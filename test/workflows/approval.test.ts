import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { turnWorkflowId } from '../../temporal/ids.ts'
import { findLateTurns } from '../../turns/sweep.ts'
import { type ApprovalHouse, openApprovalHouse } from '../support/approval-house.ts'
import { recordedAction } from '../support/approval-turns.ts'
import { openTestPglite } from '../support/databases.ts'
import { scheduledSteps } from '../support/history-events.ts'
import { answerXml, type ScriptedVendor, scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type TurnBench } from '../support/turn-worker.ts'

const ORDERED = `<response><thought>Pizza.</thought><actions>ORDER</actions>
<params>{"ORDER": {"size": "large", "toppings": ["olives"]}}</params><text>Gladly.</text></response>`
const PARAMETERS = { size: 'large', toppings: ['olives'] }
const QUESTION = expect.stringContaining('May I run ORDER with')

let bench: TurnBench
let database: OpenDatabase
let house: ApprovalHouse
let vendor: ScriptedVendor
let order: ReturnType<typeof recordedAction>

beforeAll(async () => {
  ;[bench, database] = await Promise.all([devServerBench(), openTestPglite()])
})
afterAll(async () => {
  await bench.stop()
  await database.close()
})
beforeEach(async () => {
  vendor = scriptedVendor(ORDERED, answerXml('Still here.'))
  order = recordedAction('ORDER', { requiresApproval: true })
  house = await openApprovalHouse(bench, database, { vendor, plugins: [order.plugin] })
})

describe('a turn whose action needs approval', () => {
  it('waits outside its room, and does exactly what was approved, once', async () => {
    await house.withWorker(async () => {
      const turn = await house.say('A large pizza with olives, please.')
      await house.reached(turn, 'waiting_approval')
      const other = await house.say('Are you there?')
      await house.reached(other, 'replied')
      expect(order.runs).toEqual([])
      await house.answer(turn, 'approve')
      await house.reached(turn, 'replied')
    })
    expect(order.runs).toMatchObject([{ parameters: PARAMETERS }])
    expect(await house.said()).toEqual(['Gladly.', QUESTION, 'Still here.', 'ORDER is done.'])
    expect(vendor.requests).toHaveLength(2)
  })

  it('ends its Workflow while it waits: nothing of it runs in Temporal', async () => {
    await house.withWorker(async () => {
      const turn = await house.say('Pizza, please.')
      await house.reached(turn, 'waiting_approval')
      const handle = bench.client.workflow.getHandle(turnWorkflowId(turn))
      expect(await handle.result()).toEqual({ state: 'waiting_approval' })
      const { events } = await handle.fetchHistory()
      expect(scheduledSteps(events ?? [])).toEqual(['decide', 'runAction'])
    })
  })

  it('survives that every worker is replaced while it waits', async () => {
    const turn = await house.withWorker(async () => {
      const asked = await house.say('Pizza, please.')
      await house.reached(asked, 'waiting_approval')
      return asked
    })
    await house.answer(turn, 'approve') // nobody is there to run it
    await house.withWorker(() => house.reached(turn, 'replied'))
    expect(order.runs).toHaveLength(1)
  })

  it('goes on when the process that took the answer died before it started the turn', async () => {
    await house.withWorker(async () => {
      const turn = await house.say('Pizza, please.')
      await house.reached(turn, 'waiting_approval')
      await house.answer(turn, 'approve', { starts: false })
      const limits = { readyMs: 0, untouchedMs: 60_000, graceMs: 10_000, lateMs: 10_000 }
      const found = await findLateTurns(database.db, limits)
      for (const head of found?.ready ?? []) await house.start(head)
      await house.reached(turn, 'replied')
    })
    expect(order.runs).toHaveLength(1)
  })

  it.each([
    ['deny', 'I did not run ORDER: it was denied.'],
    ['expire', 'I did not run ORDER: nobody approved it in time.'],
  ] as const)('tells the person that nothing was done: %s', async (decision, words) => {
    await house.withWorker(async () => {
      const turn = await house.say('Pizza, please.')
      await house.reached(turn, 'waiting_approval')
      await house.answer(turn, decision)
      await house.reached(turn, 'replied')
    })
    expect(order.runs).toEqual([])
    expect(await house.said()).toEqual(['Gladly.', QUESTION, words])
  })
})
