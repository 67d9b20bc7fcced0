import type { Kysely } from 'kysely'
import type { LoadedTurn } from '../../agent/ports.ts'
import { codeOf, withRetry } from '../../database/failures.ts'
import type { Database } from '../../schema/database.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { type AcceptInput, accept } from '../../turns/accept.ts'
import { admit } from '../../turns/admit.ts'
import { claim, finish } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { writeStep } from '../../turns/writes.ts'
import { attemptOf, messageTo, settlementOf, type TestChannel } from './turn-fixtures.ts'

type Db = Kysely<Database>

export interface TrafficOptions {
  readonly channels: readonly TestChannel[]
  /** Callers that accept messages at the same time. */
  readonly senders: number
  readonly messagesPerSender: number
}

/** What the senders and the turns saw; what the database holds is for `violations`. */
export interface TrafficReport {
  /** Turns that `accept` promised. */
  readonly accepted: string[]
  repeats: number
  /** Turns by the number of times `settle` said that it ended them. */
  readonly endings: Map<string, number>
  readonly errors: string[]
  /** Transactions that Postgres ended in favour of others, repeated ones included. */
  readonly deadlocks: string[]
}

/**
 * Senders accept messages, and every turn that is named as a head runs at once: admitted, settled,
 * next head started, all by the real functions. Resolves when nobody has anything left to do, with
 * no sweeper to help.
 */
export async function driveTraffic(db: Db, options: TrafficOptions): Promise<TrafficReport> {
  const traffic = newTraffic(db)
  await Promise.all(
    Array.from({ length: options.senders }, (_, sender) => send(traffic, options, sender)),
  )
  return quiet(traffic)
}

/**
 * Two messages for each room, the second while the turn of the first runs and settles: no third one
 * comes to wake up what was forgotten.
 */
export async function driveCollisions(
  db: Db,
  channels: readonly TestChannel[],
): Promise<TrafficReport> {
  const traffic = newTraffic(db)
  const waiting = [...channels]
  const work = async () => {
    for (let channel = waiting.pop(); channel; channel = waiting.pop()) {
      await acceptOne(traffic, messageTo(channel))
      await acceptOne(traffic, messageTo(channel))
    }
  }
  await Promise.all(Array.from({ length: 12 }, work))
  return quiet(traffic)
}

interface Traffic {
  readonly db: Db
  readonly report: TrafficReport
  /** As Temporal knows them: an id is started once. */
  readonly started: Set<string>
  readonly running: Set<Promise<void>>
}

function newTraffic(db: Db): Traffic {
  const counts = { accepted: [], repeats: 0, endings: new Map(), errors: [], deadlocks: [] }
  return { db, report: counts, started: new Set(), running: new Set() }
}

async function quiet({ running, report }: Traffic): Promise<TrafficReport> {
  while (running.size > 0) await Promise.all(running)
  return report
}

async function send(traffic: Traffic, options: TrafficOptions, sender: number): Promise<void> {
  const { channels, messagesPerSender } = options
  for (let n = 0; n < messagesPerSender; n += 1) {
    const channel = channels[(sender * 7 + n * 5 + ((n * n) % 3)) % channels.length]
    if (!channel) throw new Error('There are no channels.')
    const isRedelivered = n % 8 === 0
    const externalId = isRedelivered ? `${sender}-${n}` : undefined
    const deliveries = isRedelivered ? 2 : 1
    await Promise.all(
      Array.from({ length: deliveries }, () =>
        acceptOne(traffic, messageTo(channel, { externalId })),
      ),
    )
  }
}

async function acceptOne(traffic: Traffic, input: AcceptInput): Promise<void> {
  const { db, report } = traffic
  try {
    const accepted = await retried(report, () => accept(db, input))
    if (accepted.kind === 'repeat') {
      report.repeats += 1
      return
    }
    if (accepted.kind !== 'accepted') throw new Error(`The message is ${accepted.kind}.`)
    report.accepted.push(...accepted.tickets.map(({ turnId }) => turnId))
    for (const head of accepted.heads) start(traffic, head)
  } catch (error) {
    report.errors.push(`accept: ${describe(error)}`)
  }
}

/** What Temporal does: the same id starts once, and the caller does not wait for its end. */
function start(traffic: Traffic, head: HeadTurn): void {
  const id = `${head.turnId}:${head.gen}`
  if (traffic.started.has(id)) return
  traffic.started.add(id)
  const run = runTurn(traffic, head)
    .catch((error: unknown) => void traffic.report.errors.push(`turn: ${describe(error)}`))
    .finally(() => traffic.running.delete(run))
  traffic.running.add(run)
}

async function runTurn(traffic: Traffic, head: HeadTurn): Promise<void> {
  const { db, report } = traffic
  const admitted = await admit(db, attemptOf(head))
  if (admitted.kind !== 'admitted') throw new Error(`${head.turnId}: ${JSON.stringify(admitted)}`)
  if (admitted.turn.seq % 4 === 0) await retried(report, () => act(db, admitted.turn))
  const settled = await retried(report, () => settle(db, settlementOf(head)))
  const endings = report.endings.get(head.turnId) ?? 0
  report.endings.set(head.turnId, endings + (settled?.isFirst ? 1 : 0))
  if (settled?.head) start(traffic, settled.head)
}

/** A step that says something: its rows refer to the room while others wait for its lock. */
async function act(db: Db, turn: LoadedTurn): Promise<void> {
  const step = 'runAction:0'
  await claim(db, attemptOf(turn), { step, beforeSettle: true })
  await db.transaction().execute(async (trx) => {
    await finish(trx, attemptOf(turn), step, { success: true })
    const writes = { messages: [{ text: 'Wait.' }], memories: [], relationships: [] }
    await writeStep(trx, { turn, step, outboxSource: 'loopback' }, writes)
  })
}

function retried<T>(report: TrafficReport, work: () => Promise<T>): Promise<T> {
  return withRetry(async () => {
    try {
      return await work()
    } catch (error) {
      if (codeOf(error) === '40P01') report.deadlocks.push(describe(error))
      throw error
    }
  })
}

const describe = (error: unknown): string =>
  `${codeOf(error) ?? ''} ${error instanceof Error ? error.message : String(error)}`.trim()
