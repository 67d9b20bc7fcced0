import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { accept } from '../../turns/accept.ts'
import { describeDatabases } from '../support/databases.ts'
import { createAgent, createChannel, messageTo, turnRow } from '../support/turn-fixtures.ts'

const MINUTE_MS = 60_000

describeDatabases('the deadline of a turn', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const agentWith = async (settings: object) => {
    const id = await createAgent(database.db)
    const more = JSON.stringify({ settings })
    await sql`update agents set character = character || ${more}::jsonb where id = ${id}`.execute(
      database.db,
    )
    return id
  }
  /** Minutes that the turns of a message have, in the order of the agents. */
  const minutesFor = async (agentIds: readonly string[]) => {
    const channel = await createChannel(database.db, { agentIds })
    const input = messageTo(channel, { deadlineMs: 5 * MINUTE_MS })
    await accept(database.db, input)
    const rows = await Promise.all(input.hearers.map(({ turnId }) => turnRow(database.db, turnId)))
    return rows.map(({ deadline_at, deadline_from }) =>
      Math.round((deadline_at.getTime() - deadline_from.getTime()) / MINUTE_MS),
    )
  }

  it('is its agent’s own, of each agent that hears a message, else the server’s', async () => {
    const agents = [
      await agentWith({ turnDeadlineMs: 2 * MINUTE_MS }),
      await createAgent(database.db),
      await agentWith({ turnDeadlineMs: 60 * MINUTE_MS, other: 1 }),
    ]
    expect(await minutesFor(agents)).toEqual([2, 5, 60])
  })

  it.each([
    ['a text', '120000', 5],
    ['null', null, 5],
    ['a list', [1], 5],
    ['too long', 999 * 60 * MINUTE_MS, 24 * 60],
    ['negative', -5, 0],
  ])('does not stop a message when what is stored is %s', async (_, turnDeadlineMs, minutes) => {
    const agent = await agentWith({ turnDeadlineMs })
    expect(await minutesFor([agent])).toEqual([minutes])
  })
})
