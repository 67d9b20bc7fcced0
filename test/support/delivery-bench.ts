import { ApplicationFailure } from '@temporalio/common'
import { sql } from 'kysely'
import type { Ports } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { settle } from '../../turns/settle.ts'
import { createLoopbackConnector, type LoopbackOptions } from './loopback-connector.ts'
import { createStepBench, type StepBenchOptions } from './step-bench.ts'
import { replyTo, settlementOf, type TestChannel } from './turn-fixtures.ts'

type Given = LoopbackOptions & Pick<StepBenchOptions, 'sending'>

/** Deliveries of real rows to a platform in memory, attempt by attempt, each in a worker of its own. */
export function createDeliveryBench({ db }: OpenDatabase, { sending, ...platform }: Given = {}) {
  const connector = createLoopbackConnector(platform)
  let tamper = (ports: Ports) => ports
  const database = { db } as OpenDatabase // a bench uses nothing else of it
  const bench = createStepBench({ database, connector, sending, tamper: (ports) => tamper(ports) })
  const deliver = (turn: TurnInput, attempt = 1) =>
    bench.attempt(attempt, (activities) => activities.deliver(turn))
  return {
    ...{ connector, bench, deliver },
    /** Changes the ports of the next attempts. */
    tamper: (change: (ports: Ports) => Ports) => {
      tamper = change
    },
    seen: () => connector.visible.map(({ text }) => text),
    /** A settled turn whose reply waits in the outbox. */
    async replied(text: string, channel: Promise<TestChannel> = bench.channel(), source?: string) {
      const turn = await bench.turn(await channel)
      const reply = replyTo(turn, text, source ?? connector.source)
      await settle(db, settlementOf(turn, { reply }))
      return turn
    },
    /** An attempt in a process that dies when `point` is reached: it writes nothing more. */
    async dying(turn: TurnInput, point: keyof Ports['outbox'], attempt = 1) {
      tamper = (ports) => ({ ...ports, outbox: deadFrom(ports.outbox, point) })
      await deliver(turn, attempt).catch(() => undefined)
      tamper = (ports) => ports
      await sql`update deliveries set until = clock_timestamp() - interval '1 ms'`.execute(db)
    },
    /** Whoever waits for the platform or for another delivery has waited long enough. */
    async wait() {
      await sql`delete from connector_pauses`.execute(db)
      await sql`update deliveries set until = clock_timestamp() - interval '1 ms'`.execute(db)
    },
    failure: (work: Promise<unknown>): Promise<ApplicationFailure | undefined> =>
      work.then(
        () => undefined,
        (error: unknown) => (error instanceof ApplicationFailure ? error : undefined),
      ),
    outboxOf: ({ roomId }: Pick<TurnInput, 'roomId'>) =>
      db
        .selectFrom('outbox')
        .select(['state', 'attempts', 'platform_message_id', 'error', 'maybe_twice'])
        .where('room_id', '=', roomId)
        .orderBy('seq')
        .execute(),
  }
}

export type DeliveryBench = ReturnType<typeof createDeliveryBench>

function deadFrom(outbox: Ports['outbox'], point: keyof Ports['outbox']): Ports['outbox'] {
  let isDead = false
  const wrapped = Object.entries(outbox).map(([name, method]) => [
    name,
    async (...given: unknown[]) => {
      isDead ||= name === point
      if (isDead) throw new Error('The process is dead.')
      return method(...given)
    },
  ])
  return Object.fromEntries(wrapped) as Ports['outbox'] // the same members, each with the same signature
}
