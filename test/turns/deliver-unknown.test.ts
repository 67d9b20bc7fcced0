import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { type Caps, SendFailed } from '../../agent/connector.ts'
import { DEFAULT_SENDING } from '../../agent/outbox.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { describeDatabases } from '../support/databases.ts'
import { createDeliveryBench } from '../support/delivery-bench.ts'

/** The table in docs/connectors.md, row by row. */
describeDatabases('a message whose sender died before he noted the answer', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const benchOf = (caps: Partial<Caps>, unknownSends: 'repeat' | 'drop' = 'repeat') =>
    createDeliveryBench(database, { caps, sending: { ...DEFAULT_SENDING, unknownSends } })
  type Bench = ReturnType<typeof benchOf>
  /** Dies after the platform has shown it; the next attempt comes after so many minutes. */
  const diedAndWentOn = async (on: Bench, afterMinutes = 0) => {
    const turn = await on.replied('Good morning.')
    await on.dying(turn, 'shown')
    expect(on.seen()).toHaveLength(1)
    await later(turn, afterMinutes)
    await on.deliver(turn, 2)
    return on.outboxOf(turn)
  }
  const later = ({ roomId }: TurnInput, minutes: number) =>
    sql`update outbox_parts set unknown_since = unknown_since - ${minutes}::int * interval '1 minute'
      where outbox_id in (select id from outbox where room_id = ${roomId})`.execute(database.db)
  const opsOf = (on: Bench) => on.connector.log().map(({ op }) => op)

  describe('on a platform that knows keys for a while', () => {
    it('is repeated under its key, and seen once', async () => {
      const on = benchOf({ dedup: 'nonce', dedupWindowMs: 300_000 })
      expect(await diedAndWentOn(on)).toMatchObject([{ state: 'sent', maybe_twice: false }])
      expect(on.seen()).toEqual(['Good morning.'])
      expect(opsOf(on)).toEqual(['create', 'create'])
    })

    it('is looked for when that while is over, and seen once', async () => {
      const on = benchOf({ dedup: 'nonce', dedupWindowMs: 300_000 })
      expect(await diedAndWentOn(on, 6)).toMatchObject([
        { state: 'sent', maybe_twice: false, platform_message_id: 'platform-1' },
      ])
      expect(on.seen()).toEqual(['Good morning.'])
      expect(opsOf(on)).toEqual(['create', 'findOwn'])
    })

    it('is seen twice when that while is over and nothing can be looked up', async () => {
      const on = benchOf({ dedup: 'nonce', dedupWindowMs: 1, history: false })
      const turn = await on.replied('Good morning.')
      on.connector.mishaps.push('cut before')
      await on.failure(on.deliver(turn, 1))
      await later(turn, 1)
      await on.wait()
      await on.deliver(turn, 2)
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent', maybe_twice: true }])
    })
  })

  describe('on a platform where own messages can be found', () => {
    it('is looked for, and seen once', async () => {
      const on = benchOf({ dedup: 'lookup' })
      expect(await diedAndWentOn(on)).toMatchObject([
        { state: 'sent', maybe_twice: false, platform_message_id: 'platform-1' },
      ])
      expect(on.seen()).toEqual(['Good morning.'])
      expect(opsOf(on)).toEqual(['create', 'findOwn'])
    })

    it('is in doubt when the bot may not look', async () => {
      const on = benchOf({ dedup: 'lookup' })
      const refusal = { kind: 'permanent', code: 'forbidden', hint: '' } as const
      Object.assign(on.connector, { findOwn: () => Promise.reject(new SendFailed(refusal)) })
      expect(await diedAndWentOn(on)).toMatchObject([{ state: 'sent', maybe_twice: true }])
    })

    it('stays in doubt while the platform cannot be asked', async () => {
      const on = benchOf({ dedup: 'lookup' })
      const away = { kind: 'not-sent', code: 'away' } as const
      const { findOwn } = on.connector
      Object.assign(on.connector, { findOwn: () => Promise.reject(new SendFailed(away)) })
      const turn = await on.replied('Good morning.')
      await on.dying(turn, 'shown')
      await on.failure(on.deliver(turn, 2))
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sending', error: 'away' }])
      Object.assign(on.connector, { findOwn })
      await on.wait()
      await on.deliver(turn, 3)
      expect(on.seen()).toEqual(['Good morning.'])
    })

    it('is sent when it is not found', async () => {
      const on = benchOf({ dedup: 'lookup' })
      const turn = await on.replied('Good morning.')
      on.connector.mishaps.push('cut before')
      await on.failure(on.deliver(turn, 1))
      await on.wait()
      await on.deliver(turn, 2)
      expect(on.seen()).toEqual(['Good morning.'])
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent', maybe_twice: false }])
    })
  })

  describe('on a platform where a placeholder can be edited', () => {
    const RESERVE = { dedup: 'reserve', history: false } as const

    it('is edited again, and seen once', async () => {
      const on = benchOf(RESERVE)
      const turn = await on.replied('Good morning.')
      on.connector.mishaps.push({ kind: 'lost answer', op: 'edit' })
      await on.failure(on.deliver(turn, 1))
      expect(on.seen()).toEqual(['Good morning.'])
      await on.wait()
      await on.deliver(turn, 2)
      expect(opsOf(on)).toEqual(['reserve', 'edit', 'edit'])
      expect(on.seen()).toEqual(['Good morning.'])
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent', maybe_twice: false }])
    })

    it('leaves a placeholder behind at worst, and its words are seen once', async () => {
      const on = benchOf(RESERVE)
      await diedAndWentOn(on) // before the placeholder's id was stored
      expect(on.seen()).toEqual(['…', 'Good morning.'])
    })
  })

  describe('on a platform that can tell nothing', () => {
    const NONE = { dedup: 'none', history: false } as const

    it('is sent again, and its row says so', async () => {
      const on = benchOf(NONE)
      expect(await diedAndWentOn(on)).toMatchObject([{ state: 'sent', maybe_twice: true }])
      expect(on.seen()).toEqual(['Good morning.', 'Good morning.'])
    })

    it('is not sent again when the setting says so, and its row tells why', async () => {
      const on = benchOf(NONE, 'drop')
      expect(await diedAndWentOn(on)).toMatchObject([
        { state: 'failed', error: expect.stringContaining('unknown_outcome') },
      ])
      expect(on.seen()).toEqual(['Good morning.'])
    })

    it('is sent again without doubt when the platform certainly had not taken it', async () => {
      const on = benchOf(NONE, 'drop')
      const turn = await on.replied('Good morning.')
      on.connector.mishaps.push('unreachable')
      await on.failure(on.deliver(turn, 1))
      await on.wait()
      await on.deliver(turn, 2)
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent', maybe_twice: false }])
    })

    it('is in doubt still when a later call certainly was not taken', async () => {
      const on = benchOf(NONE, 'repeat')
      const turn = await on.replied('Good morning.')
      on.connector.mishaps.push('lost answer', 'unreachable')
      for (const attempt of [1, 2]) {
        await on.failure(on.deliver(turn, attempt))
        await on.wait()
      }
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sending', maybe_twice: true }])
    })
  })

  it('is seen once when he died before he called', async () => {
    for (const dedup of ['nonce', 'lookup', 'reserve', 'none'] as const) {
      const on = benchOf({ dedup })
      const turn = await on.replied('Good morning.')
      await on.dying(turn, 'begin')
      await on.deliver(turn, 2)
      expect(on.seen()).toEqual(['Good morning.'])
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent', maybe_twice: false }])
    }
  })
})
