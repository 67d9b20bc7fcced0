import { beforeAll, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { admit } from '../../turns/admit.ts'
import { requestCancel } from '../../turns/cancel.ts'
import { settle } from '../../turns/settle.ts'
import { findLateTurns } from '../../turns/sweep.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  attemptOf,
  createAgent,
  createChannel,
  headOf,
  queueTurn,
  runTurn,
  settlementOf,
  turnRow,
} from '../support/turn-fixtures.ts'

describeDatabases('cancelling a turn', (open, kind) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const cancel = (turn: HeadTurn) => requestCancel(db(), turn)

  it('ends one that nobody runs at once, and names the one behind it', async () => {
    const channel = await createChannel(db())
    const turn = await queueTurn(db(), channel)
    const next = await queueTurn(db(), channel)
    const outcome = await cancel(turn)

    expect(outcome).toEqual({ running: undefined, cancelled: { gen: 1 }, head: next })
    expect(await turnRow(db(), turn.turnId)).toMatchObject({
      ...{ state: 'cancelled', code: 'cancelled_by_user' },
    })
    expect((await turnRow(db(), turn.turnId)).settled_at).not.toBeNull()
    expect((await turnRow(db(), next.turnId)).ready_at).not.toBeNull()
  })

  it('leaves the room alone when the turn was not its head', async () => {
    const channel = await createChannel(db())
    const running = await runTurn(db(), channel)
    const waiting = await queueTurn(db(), channel)
    expect(await cancel(waiting)).toEqual({ running: undefined, cancelled: { gen: 1 } })
    expect((await turnRow(db(), running.turnId)).state).toBe('running')
  })

  it('marks one that runs, and says whose Workflow must be told', async () => {
    const channel = await createChannel(db())
    const turn = await runTurn(db(), channel)
    await queueTurn(db(), channel)
    const outcome = await cancel(headOf(turn))

    expect(outcome).toEqual({ running: { turnId: turn.turnId, gen: 1 } })
    const marked = await turnRow(db(), turn.turnId)
    expect(marked).toMatchObject({ state: 'running', code: null, settled_at: null })
    await cancel(headOf(turn))
    const again = await turnRow(db(), turn.turnId)
    expect(again.cancel_requested_at).toEqual(marked.cancel_requested_at)
  })

  it('changes nothing about one that has ended', async () => {
    const turn = headOf(await runTurn(db(), await createChannel(db())))
    await settle(db(), settlementOf(turn))
    const before = await turnRow(db(), turn.turnId)
    expect(await cancel(turn)).toEqual({ delivery: { retracted: 0, sending: 0, sent: 0 } })
    expect(await turnRow(db(), turn.turnId)).toEqual(before)
  })

  it('ends one that waits for an approval', async () => {
    const turn = await queueTurn(db(), await createChannel(db()))
    const state = 'waiting_approval'
    await db().updateTable('turns').set({ state }).where('id', '=', turn.turnId).execute()
    expect((await cancel(turn)).cancelled).toEqual({ gen: 1 })
    expect((await turnRow(db(), turn.turnId)).state).toBe('cancelled')
  })

  it('leaves the turn behind it to be found when their agent is stopped', async () => {
    const channel = await createChannel(db())
    const turn = await queueTurn(db(), channel)
    const next = await queueTurn(db(), channel)
    await setAgentStatus(db(), turn.agentId, 'inactive')
    expect((await cancel(turn)).head).toBeUndefined()

    await setAgentStatus(db(), turn.agentId, 'active')
    const found = await findLateTurns(db(), {
      readyMs: 0,
      untouchedMs: 60_000,
      graceMs: 0,
      lateMs: 0,
    })
    expect(found?.ready.map(({ turnId }) => turnId)).toContain(next.turnId)
  })

  if (kind === 'pglite') return

  it('and settling at the same moment end in one outcome, 200 times', async () => {
    const agentIds = [await createAgent(db())]
    const race = async () => {
      const channel = await createChannel(db(), { agentIds })
      const turn = await runTurn(db(), channel)
      const next = await queueTurn(db(), channel)
      const [settled, cancelled] = await Promise.all([
        settle(db(), settlementOf(headOf(turn))),
        cancel(headOf(turn)),
      ])
      // Before the end it takes the reply back, after it there is nothing to cancel but the head is named.
      const { running, head } = cancelled
      const state = running ? 'cancelled' : 'replied'
      expect(settled).toMatchObject({ state, isFirst: true, head: next })
      expect(running === undefined ? head : running.turnId).toEqual(running ? turn.turnId : next)
      expect((await turnRow(db(), turn.turnId)).state).toBe(state)
    }
    expect(await tenAtATime(200, race)).toHaveLength(200)
  })

  it('and admitting at the same moment agree on who was first, 200 times', async () => {
    const agentIds = [await createAgent(db())]
    const outcomes = await tenAtATime(200, async () => {
      const turn = await queueTurn(db(), await createChannel(db(), { agentIds }))
      const [admitted, cancelled] = await Promise.all([admit(db(), attemptOf(turn)), cancel(turn)])
      const { state } = await turnRow(db(), turn.turnId)
      const isRunning = admitted.kind === 'admitted'
      expect(state).toBe(isRunning ? 'running' : 'cancelled')
      expect(cancelled.running !== undefined).toBe(isRunning)
      expect(cancelled.cancelled !== undefined).toBe(!isRunning)
      if (!isRunning) expect(admitted).toEqual({ kind: 'refused', state: 'cancelled' })
      return state
    })
    expect(outcomes).toHaveLength(200)
  })

  it('names the new head although the old one was being started', async () => {
    const channel = await createChannel(db())
    const turn = await queueTurn(db(), channel)
    const next = await queueTurn(db(), channel)
    expect((await cancel(turn)).head).toEqual(next)
    await expect(admitTurn(db(), turn)).rejects.toThrow('cancelled')
    await admitTurn(db(), next)
  })
})

async function tenAtATime<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let left = times
  const lane = async () => {
    while (left > 0) {
      left -= 1
      results.push(await work())
    }
  }
  await Promise.all(Array.from({ length: 10 }, lane))
  return results
}
