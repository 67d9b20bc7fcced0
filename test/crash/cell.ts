import { randomUUID } from 'node:crypto'
import type { Dedup } from '../../agent/connector.ts'
import { billOf, collectRows, historyTexts, inBrief } from './collect.ts'
import type { Evidence } from './evidence.ts'
import type { Fault } from './faults.ts'
import { FIRST_VENDOR_FAILS, type House } from './house.ts'
import { checkInvariants } from './invariants.ts'
import { untilQuiet } from './quiet.ts'
import { type CrashRoom, openRoom } from './room.ts'
import { arm, type Cell, type Strike } from './strike.ts'

export interface CellResult {
  readonly point: string
  readonly fault: Fault
  readonly dedup: Dedup
  /** Empty: every promise was kept. */
  readonly violations: readonly string[]
  /** From the fault until the turn had settled; until all was quiet, if it had settled before. */
  readonly tookMs: number
  readonly settledBefore: boolean
  /** For the log of a red cell. */
  readonly evidence: string
}

/** Recovery takes up to 15 s by design; a busy machine takes longer. */
const QUIET_MS = 120_000
/** `hashtext('turnkeeper.sweep')`, as turns/sweep.ts has it: whoever holds it keeps all others from sweeping. */
const SWEEP_LOCK = 738_911_442

/** Three messages in a room of its own; the fault strikes the turn of the second. */
export async function runCell(house: House, agentId: string, cell: Cell): Promise<CellResult> {
  await house.crew.ready()
  const room = openRoom(house, agentId, cell.dedup)
  const bane = cell.point.needsFallback ? ` ${FIRST_VENDOR_FAILS}` : ''
  const texts = [1, 2, 3].map((n) => `message ${n} ${randomUUID()}${n === 2 ? bane : ''}`)
  const [first = '', victim = '', third = ''] = texts
  const firstRequest = house.stub.requests().length
  await room.deliver(first)
  await quiet(house, room, 1)
  const release = cell.fault === 'kill, no sweeper' ? await holdSweeps(house) : undefined
  const repeats: Promise<unknown>[] = []
  const redeliver = () => {
    const repeat = room.deliver(victim)
    repeats.push(repeat)
    return repeat
  }
  const followed = Promise.withResolvers<void>()
  const strike = arm(house, cell, { redeliver, followed: followed.promise })
  try {
    const accepted = room.deliver(victim)
    const delivered = accepted.then(() => room.deliver(third)).finally(() => followed.resolve())
    const ended = delivered.then(() => quiet(house, room, 3))
    const struckAt = await reached(strike, ended)
    await ended
    await Promise.all(repeats)
    if (cell.fault === 'duplicate') await redeliver()
    const quietAt = Date.now()
    const victimId = await accepted
    const evidence = await evidenceOf(house, room, {
      texts,
      firstRequest,
      strike,
      victimId,
      dedup: cell.dedup,
      hasPlugins: cell.point.needsPlugins === true,
    })
    const settledAt = evidence.rows.turns.find(({ id }) => id === victimId)?.settledAt ?? 0
    const settledBefore = settledAt <= struckAt
    return {
      ...{ point: cell.point.name, fault: cell.fault, dedup: cell.dedup },
      violations: [...violationsOf(evidence, texts), ...casualties(house)],
      tookMs: (settledBefore ? quietAt : settledAt) - struckAt,
      settledBefore,
      evidence: inBrief(evidence),
    }
  } finally {
    strike.disarm()
    await release?.()
  }
}

async function quiet(house: House, room: CrashRoom, messages: number): Promise<void> {
  const left = await untilQuiet(house, room.roomId, { messages, limitMs: QUIET_MS })
  if (left !== '') throw new Error(`After ${QUIET_MS} ms there still is: ${left}.`)
}

/** A turn that ended without a fault was never at the point. */
async function reached({ struck }: Strike, ended: Promise<void>): Promise<number> {
  const at = await Promise.race([struck, ended])
  if (at === undefined) throw new Error('The turn did not come to this point.')
  return at
}

/** Holds the lock of all sweepers, as a process would that sweeps for ever. */
async function holdSweeps({ db }: House): Promise<() => Promise<void>> {
  const client = await db.connect()
  await client.query('select pg_advisory_lock($1::bigint)', [SWEEP_LOCK])
  return async () => {
    await client.query('select pg_advisory_unlock($1::bigint)', [SWEEP_LOCK])
    client.release()
  }
}

interface Traces {
  readonly texts: readonly string[]
  /** Index of the cell's first model call. */
  readonly firstRequest: number
  readonly strike: Strike
  /** The turn of the second message. */
  readonly victimId: string
  readonly dedup: Dedup
  readonly hasPlugins: boolean
}

async function evidenceOf(house: House, room: CrashRoom, traces: Traces): Promise<Evidence> {
  const { texts, firstRequest, strike, victimId, dedup, hasPlugins } = traces
  const look = async () => {
    const rows = await collectRows(house.db, room.roomId)
    const ids = new Set(rows.turns.map(({ id }) => id))
    return {
      rows,
      visible: house.platform.visible(room.channelId),
      effects: house.platform.effects
        .filter(({ turnId }) => ids.has(turnId))
        .map((effect) => ({ ...effect })),
    }
  }
  const beforeWake = strike.wake && (await look())
  await strike.wake?.()
  const seen = await look()
  const apiUrl = await house.crew.apiUrl()
  return {
    ...seen,
    beforeWake,
    inbound: room.inbound,
    ...{ dedup, hasPlugins },
    bill: billOf(house.stub.requests().slice(firstRequest), seen.rows),
    histories: [await historyTexts(apiUrl, victimId)],
    canaries: texts,
  }
}

/** The promises, and that no fault of the matrix keeps a message from its answer. */
function violationsOf(evidence: Evidence, texts: readonly string[]): string[] {
  const promises = checkInvariants(evidence).map(({ invariant, what }) => `${invariant}: ${what}`)
  const unanswered = texts.filter(
    (text) => !evidence.visible.some((shown) => shown.text.startsWith(`You said: ${text} (`)),
  )
  return [...promises, ...unanswered.map((text) => `'${text}' was not answered`)]
}

const casualties = ({ crew }: House): string[] =>
  crew.casualties().map((name) => `the process '${name}' ended by itself`)
