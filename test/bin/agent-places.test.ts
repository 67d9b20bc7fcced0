import { expect, it } from '@jest/globals'
import type { KyselyPlugin } from 'kysely'
import { createAgentPlaces } from '../../bin/agent-places.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { takePlace } from '../../turns/agent-slots.ts'
import { describeDatabases } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { createAgent, createChannel, first, queueTurn } from '../support/turn-fixtures.ts'

describeDatabases('places for turns', (open) => {
  it('without a limit turns that another limit held are let go, also when the first look for them fails', async () => {
    const { db, close } = await open()
    const agentIds = [await createAgent(db)]
    const started: string[] = []
    let held = ''
    for (let n = 0; n < 2; n += 1) {
      const head = await queueTurn(db, await createChannel(db, { agentIds }))
      const [free] = await takePlace(db, head, 1)
      if (!free) held = head.turnId
    }
    let isAway = true
    const away: KyselyPlugin = {
      transformQuery({ node }) {
        if (isAway) throw new Error('Postgres is away.')
        return node
      },
      transformResult: async ({ result }) => result,
    }
    const places = createAgentPlaces({
      ...{ db: db.withPlugin(away), most: 0 },
      // From the second look on it is there.
      log: { warn: () => void setImmediate(() => (isAway = false)) },
      start: async ({ turnId }) => void started.push(turnId),
    })
    await places.run(new AbortController().signal)
    expect(started).toEqual([held])
    await close()
  })

  it('with a limit so many turns of an agent are started, the next one when a place is free', async () => {
    const { db, close } = await open()
    const agentIds = [await createAgent(db)]
    const started: string[] = []
    const places = createAgentPlaces({
      ...{ db, most: 2, log: { warn: () => undefined } },
      start: async ({ turnId }) => void started.push(turnId),
    })
    const heads: HeadTurn[] = []
    for (let n = 0; n < 3; n += 1) {
      heads.push(await queueTurn(db, await createChannel(db, { agentIds })))
    }
    for (const head of heads) await places.startHead(head)
    const ids = heads.map(({ turnId }) => turnId)
    expect(started).toEqual(ids.slice(0, 2))
    await db.updateTable('turns').set({ state: 'ignored' }).where('id', '=', first(ids)).execute()
    const end = new AbortController()
    const running = places.run(end.signal)
    await eventually(() => started.length > 2)
    end.abort()
    await running
    expect(started).toEqual(ids)
    await close()
  })
})
