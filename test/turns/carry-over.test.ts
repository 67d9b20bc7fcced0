import { beforeAll, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import type { JsonObject } from '../../schema/json.ts'
import { carryOver } from '../../turns/carry-over.ts'
import { claim, finish } from '../../turns/journal.ts'
import { describeDatabases } from '../support/databases.ts'
import { attemptOf, createChannel, runTurn } from '../support/turn-fixtures.ts'

describeDatabases('what the next generation is given', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })

  it('is every finished action, whatever it calls its result, but no decision that was cut off', async () => {
    const { db } = database
    const turn = await runTurn(db, await createChannel(db))
    const attempt = attemptOf(turn)
    const done = async (step: string, result: JsonObject) => {
      await claim(db, attempt, { step, beforeSettle: true })
      await finish(db, attempt, step, result)
    }
    await done('decide', { reply: 'Half a', interrupted: true })
    await done('runAction:0', { success: true, interrupted: true })
    await carryOver(db, turn, { isSaid: false })

    const rows = await db
      .selectFrom('steps')
      .select(['step', 'state'])
      .where('turn_id', '=', turn.turnId)
      .where('gen', '=', 2)
      .execute()
    expect(rows.filter(({ step }) => step === 'decide' || step.startsWith('runAction'))).toEqual([
      { step: 'runAction:0', state: 'done' },
    ])
  })
})
