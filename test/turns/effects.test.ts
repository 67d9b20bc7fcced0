import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ActionEffect } from '../../agent/action.ts'
import { UnavailableError } from '../../agent/errors.ts'
import type { Ports } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { claim } from '../../turns/journal.ts'
import { takeOver } from '../../turns/sweep.ts'
import { approvalTurns, recordedAction } from '../support/approval-turns.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { attemptOf, turnRow } from '../support/turn-fixtures.ts'

describeDatabases('an action whose turn was taken over', (open) => {
  let database: OpenDatabase
  let bench: StepBench
  let turns: ReturnType<typeof approvalTurns>
  let order: ReturnType<typeof recordedAction>
  let wave: ReturnType<typeof recordedAction>
  let tamper: (ports: Ports) => Ports
  beforeAll(async () => {
    database = await open()
  })
  const offer = (effect: ActionEffect, validate?: () => boolean) => {
    tamper = (ports) => ports
    order = recordedAction('ORDER', { effect, ...(validate ? { validate } : {}) })
    wave = recordedAction('WAVE')
    const plugins = [order.plugin, wave.plugin]
    bench = createStepBench({ database, plugins, tamper: (ports) => tamper(ports) })
    turns = approvalTurns(database, bench)
  }
  beforeEach(() => offer('once'))
  const actions = { actions: ['ORDER', 'WAVE'] }
  /** As if Temporal had lost it: the next generation, admitted. */
  const takenOver = async (turn: TurnInput): Promise<TurnInput> => {
    await takeOver(database.db, turn)
    return turns.resumed(turn)
  }
  /** Its worker died in the handler: the claim is all that is left. */
  const cutOff = async (turn: TurnInput) => {
    await claim(database.db, attemptOf(turn), { step: 'runAction:0', beforeSettle: true })
    return takenOver(turn)
  }

  describe('while it ran', () => {
    it('is unknown when it must happen only once, and everybody is told', async () => {
      const turn = await turns.decided(actions)
      const next = await cutOff(turn)
      await turns.run(next, 'ORDER')
      await turns.run(next, 'WAVE', { ordinal: 1 })
      expect(order.runs).toEqual([])
      expect((await turns.journaled(next, 'runAction:0'))?.result).toMatchObject({
        ...{ action: 'ORDER', success: false, unknown: true },
      })
      expect(wave.runs).toMatchObject([{ previous: [{ action: 'ORDER', unknown: true }] }])
      expect((await turns.said(turn))[0]).toContain('do not know whether it happened')
      expect(await turnRow(database.db, turn.turnId)).toMatchObject({ has_unknown_effect: true })
      expect(bench.warnings.join()).toContain("'ORDER' was cut off")
    })

    it('is still unknown when its plugin is gone', async () => {
      const turn = await turns.decided(actions)
      const next = await cutOff(turn)
      bench = createStepBench({ database })
      turns = approvalTurns(database, bench)
      await turns.run(next, 'ORDER')
      expect((await turns.journaled(next, 'runAction:0'))?.result).toMatchObject({ unknown: true })
    })

    it('is repeated under the same key when it is idempotent', async () => {
      offer('idempotent')
      const turn = await turns.decided(actions)
      const next = await cutOff(turn)
      const again = await cutOff(next)
      await turns.run(again, 'ORDER')
      expect(order.runs).toMatchObject([{ key: `${turn.turnId}:1:runAction:0` }])
      expect(again.gen).toBe(3)
    })

    it('is repeated although it would not begin any more: it has begun', async () => {
      offer('idempotent', () => false)
      const next = await cutOff(await turns.decided(actions))
      await turns.run(next, 'ORDER')
      expect(order.runs).toHaveLength(1)
    })
  })

  it('is not run again when it was done', async () => {
    const turn = await turns.decided(actions)
    await turns.run(turn, 'ORDER')
    const next = await takenOver(turn)
    await turns.run(next, 'ORDER')
    await turns.run(next, 'WAVE', { ordinal: 1 })
    expect(order.runs).toHaveLength(1)
    expect(wave.runs).toMatchObject([{ previous: [{ action: 'ORDER', success: true }] }])
  })

  it('is the one that was decided on: no model is asked again', async () => {
    const next = await takenOver(await turns.decided(actions))
    await bench.attempt(1, (activities) => activities.composeState(next))
    expect(await bench.attempt(1, (activities) => activities.decide(next))).toEqual(actions)
    const { rows } = {
      rows: await database.db
        .selectFrom('model_calls')
        .selectAll()
        .where('turn_id', '=', next.turnId)
        .execute(),
    }
    expect(rows).toEqual([])
  })

  it('has another key when the turn is decided anew', async () => {
    const turn = await turns.decided(actions)
    await database.db
      .deleteFrom('steps')
      .where('turn_id', '=', turn.turnId)
      .where('step', '=', 'decide')
      .execute()
    const next = await takenOver(turn)
    await turns.run(next, 'ORDER')
    expect(order.runs).toMatchObject([{ key: `${turn.turnId}:2:runAction:0` }])
  })

  describe('did not begin', () => {
    it('when its step failed before it: then it is simply run', async () => {
      const turn = await turns.decided(actions)
      tamper = (ports) => ({ ...ports, journal: { ...ports.journal, standing: away } })
      await expect(turns.run(turn, 'ORDER')).rejects.toThrow('database_unavailable')
      tamper = (ports) => ports
      await turns.run(turn, 'ORDER', { attempt: 2 })
      expect(order.runs).toHaveLength(1)
      expect((await turns.journaled(turn, 'runAction:0'))?.result).toMatchObject({ success: true })
    })

    it('in a generation whose step failed before it', async () => {
      const turn = await turns.decided(actions)
      tamper = (ports) => ({ ...ports, journal: { ...ports.journal, standing: away } })
      await expect(turns.run(turn, 'ORDER')).rejects.toThrow('database_unavailable')
      tamper = (ports) => ports
      await turns.run(await takenOver(turn), 'ORDER')
      expect(order.runs).toHaveLength(1)
    })
  })

  const away = async (): Promise<never> => {
    throw new UnavailableError('Postgres cannot be reached.')
  }
})
