import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { startControl } from '../../test/crash/control.ts'
import { createAgent } from '../../test/crash/create-agent.ts'
import { startPlatform } from '../../test/crash/platform.ts'
import { type Role, type Seated, takeSeat } from '../../test/crash/seated.ts'
import { openSite, type Site } from '../../test/crash/site.ts'
import { startTurnkeeper, type TurnkeeperProcess } from '../../test/support/processes.ts'
import { defaultAnswer, type StubOpenai, startStubOpenai } from '../../test/support/stub-openai.ts'
import { drop } from '../client.ts'
import type { StrikeScript } from './recovery-strikes.ts'

/** A turn takes at most this long to end; more is no recovery, but a failure of the bench. */
const END_MS = 90_000
const TASK_QUEUE = 'recovery'

/**
 * Postgres, Temporal and a model that answers at once; on these, processes for one sample at a time.
 * What is to die has failpoints; everybody else is the program as it is shipped. No setting of the
 * recovery is changed.
 */
export interface Stage {
  readonly site: Site
  /** What happens at points and to model calls; a strike writes here. */
  readonly script: StrikeScript
  /** Everybody a sample needs, warmed up. */
  cast(victims: { readonly role: Role; readonly count: number }): Promise<Cast>
  close(): Promise<void>
}

export interface Cast {
  seat(name: string): Seated | undefined
  /** Starts the shipped program in the place of the one that is gone. */
  replace(role: Role): Promise<void>
  /** Posts a message in a room of its own and waits for nothing: the channel. */
  post(): Promise<string>
  /** Of the channel's only turn, once it is accepted. */
  turnId(channelId: string): Promise<string>
  /** Resolves with the time, of `Date.now()`, at which the channel's turn ended. @throws unless it replied. */
  settled(channelId: string): Promise<number>
  dismiss(): Promise<void>
}

interface Ground {
  readonly site: Site
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly postgresUrl: string
  readonly db: pg.Pool
  readonly platformUrl: (name: string) => string
  readonly controlPort: number
  readonly seats: Map<string, Seated>
}

export async function openStage(): Promise<Stage> {
  const site = await openSite()
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-recovery-'))
  const script: StrikeScript = {}
  const seats = new Map<string, Seated>()
  const stub = await startStubOpenai((body, n) => script.answer?.(body) ?? defaultAnswer(body, n))
  const platform = await startPlatform(async () => 'go')
  const control = await startControl({
    onReady: (name, url) => seats.get(name)?.noteReady(url),
    onHit: (hit) => script.atPoint?.(hit) ?? Promise.resolve('go'),
  })
  const postgresUrl = await site.createDatabase()
  const db = new pg.Pool({ connectionString: postgresUrl, max: 2 })
  const ground: Ground = {
    ...{ site, folder, postgresUrl, db, seats },
    env: settings(stub, site),
    platformUrl: platform.urlFor,
    controlPort: control.port,
  }
  let agentId: string | undefined
  return {
    ...{ site, script },
    async cast(victims) {
      const cast = await hire(ground, victims)
      agentId ??= await createAgent(cast.apiUrl)
      return warmedUp(ground, cast, agentId)
    },
    async close() {
      await Promise.all([db.end(), control.close(), platform.close(), stub.close()])
      await site.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const settings = (stub: StubOpenai, site: Site) => ({
  SECRET_SALT: 'a salt of the tests', // as the processes with failpoints have it
  OPENAI_BASE_URL: stub.url,
  TURNKEEPER_TASK_QUEUE: TASK_QUEUE,
  SERVER_PORT: '0',
  NODE_COMPILE_CACHE: site.compileCache,
})

interface Hired {
  readonly apiUrl: string
  readonly shipped: TurnkeeperProcess[]
}

let hired = 0

async function hire(
  ground: Ground,
  { role, count }: { readonly role: Role; readonly count: number },
): Promise<Hired> {
  const victims = Array.from({ length: count }, () => sit(ground, role))
  const other = start(ground, role === 'api' ? 'worker' : 'api')
  const [seats, { process, url }] = await Promise.all([Promise.all(victims), other])
  const [first = ''] = await Promise.all(seats.map((seat) => seat.ready))
  return { apiUrl: role === 'api' ? first : url, shipped: [process] }
}

/** One with failpoints. */
async function sit(ground: Ground, role: Role): Promise<Seated> {
  hired += 1
  const name = `${role}-${hired}`
  const { site, env, postgresUrl, controlPort, platformUrl, seats } = ground
  const seat = await takeSeat({
    ...{ role, postgresUrl, temporalAddress: site.temporalAddress },
    seat: { name, controlPort, platformUrl: platformUrl(name), bundleFile: site.bundleFile },
    env: { ...env, OPENAI_LARGE_MODEL: `large of ${name}`, OPENAI_SMALL_MODEL: 'small' },
  })
  seats.set(name, seat)
  return seat
}

/** The program as it is shipped, once it works. */
async function start({ site, folder, env, postgresUrl }: Ground, role: Role) {
  hired += 1
  const process = startTurnkeeper({
    ...{ args: [role], cwd: folder },
    env: {
      ...env,
      POSTGRES_URL: postgresUrl,
      TEMPORAL_ADDRESS: site.temporalAddress,
      OPENAI_LARGE_MODEL: `large of ${role}-${hired}`,
      OPENAI_SMALL_MODEL: 'small',
    },
  })
  const [, url = ''] = await process.logged(
    role === 'api' ? /API on (http:\/\/[\d.:]+)/ : /Worker is polling()/,
  )
  return { process, url }
}

/** Rooms at once, so that every worker gets some. */
const WARM_UP_TURNS = 6

async function warmedUp(ground: Ground, { apiUrl, shipped }: Hired, agentId: string) {
  const { db, seats } = ground
  const cast: Cast = {
    seat: (name) => seats.get(name),
    replace: async (role) => {
      shipped.push((await start(ground, role)).process)
    },
    async post() {
      const channelId = randomUUID()
      // The api that accepts it may be what dies.
      void drop({ url: apiUrl, agentId }, channelId, 'hello').catch(() => undefined)
      return channelId
    },
    turnId: async (channelId) => (await turnOf(db, channelId, ({ id }) => id)) ?? '',
    async settled(channelId) {
      const { state, at } = await turnOf(db, channelId, (turn) => turn.settled_at && ended(turn))
      if (state !== 'replied') throw new Error(`The turn ended as '${state}'.`)
      return at
    },
    async dismiss() {
      const gone = [...seats.values()].map((seat) => seat.end('SIGKILL'))
      await Promise.all([...gone, ...shipped.map((process) => process.end('SIGKILL'))])
      seats.clear()
    },
  }
  const channels = await Promise.all(Array.from({ length: WARM_UP_TURNS }, cast.post))
  await Promise.all(channels.map(cast.settled))
  return cast
}

interface TurnRow {
  readonly id: string
  readonly state: string
  readonly settled_at: Date | null
}

const ended = ({ state }: TurnRow) => ({ state, at: Date.now() })

/** Looks every 10 ms until the channel's turn is as asked. */
async function turnOf<T>(
  db: pg.Pool,
  channelId: string,
  choose: (turn: TurnRow) => T | null | undefined,
): Promise<T> {
  for (const limit = Date.now() + END_MS; Date.now() < limit; await delay(10)) {
    const { rows } = await db.query<TurnRow>(
      'select id, state, settled_at from turns where channel_id = $1',
      [channelId],
    )
    const found = rows[0] && choose(rows[0])
    if (found !== null && found !== undefined) return found
  }
  throw new Error(`The turn of channel '${channelId}' was not there within ${END_MS} ms.`)
}
