import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { bundleWorkflows } from '../../workers/agent-worker.ts'
import { type Platform, startPlatform } from '../crash/platform.ts'
import { type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import type { Journal } from './journal.ts'
import { CREW, type Plan } from './plan.ts'
import { openSlot, type Slot } from './slot.ts'
import { type StoppablePostgres, startStoppablePostgres } from './stoppable-postgres.ts'
import { type StoppableTemporal, startStoppableTemporal } from './stoppable-temporal.ts'
import { vendorScript } from './vendor-script.ts'

/** Short where a setting allows it: recovery is mostly waiting. */
const SETTINGS = {
  SECRET_SALT: 'a salt of the tests',
  TURNKEEPER_TASK_QUEUE: 'fuzz',
  TURNKEEPER_HEARTBEAT_TIMEOUT_MS: '1500',
  TURNKEEPER_HEARTBEAT_THROTTLE_MS: '300',
  TURNKEEPER_WORKFLOW_TASK_TIMEOUT_MS: '2500',
  TURNKEEPER_SWEEP_INTERVAL_MS: '1000',
  TURNKEEPER_TURN_DEADLINE_MS: '120000',
  TURNKEEPER_HTTP_WAIT_MS: '5000',
  TURNKEEPER_DRAIN_MS: '3000',
  TURNKEEPER_POSTGRES_POOL: '6',
  SERVER_PORT: '0',
}

/** What the platforms do to the next calls. */
export interface PlatformWeather {
  how: 'lose' | 'slow' | undefined
}

/** Servers, processes and an outside world of one run. */
export interface House {
  readonly slots: readonly Slot[]
  readonly postgres: StoppablePostgres
  readonly temporal: StoppableTemporal
  readonly stub: StubOpenai
  readonly platform: Platform
  readonly weather: PlatformWeather
  /** The runner's own connections, past every wire that can be cut. */
  readonly db: pg.Pool
  close(): Promise<void>
}

const SLOW_MS = 1_500

export async function openHouse(plan: Plan, folder: string, journal: Journal): Promise<House> {
  const weather: PlatformWeather = { how: undefined }
  const [postgres, temporal, bundle, stub, platform] = await Promise.all([
    startStoppablePostgres(),
    startStoppableTemporal(),
    bundleWorkflows(),
    startStubOpenai(vendorScript(plan)),
    startPlatform(async () => {
      if (weather.how === 'slow') await delay(SLOW_MS)
      return weather.how === 'lose' ? 'lose' : 'go'
    }),
  ])
  await migrated(postgres.url)
  const bundleFile = join(folder, 'workflows.js')
  await writeFile(bundleFile, 'code' in bundle ? bundle.code : '')
  await mkdir(join(folder, 'logs'), { recursive: true })
  const slots = await Promise.all(
    CREW.map((name) =>
      openSlot({
        ...{ name, postgresUrl: postgres.url, temporalAddress: temporal.address },
        seat: { role: roleOf(name), platformUrl: platform.urlFor(name), bundleFile },
        env: {
          ...SETTINGS,
          OPENAI_BASE_URL: stub.url,
          NODE_COMPILE_CACHE: join(folder, 'compiled'),
        },
        logFile: join(folder, 'logs', `${name}.log`),
        note: journal.note,
      }),
    ),
  )
  const db = new pg.Pool({ connectionString: postgres.url, max: 4, connectionTimeoutMillis: 3_000 })
  db.on('error', () => undefined) // Postgres is stopped on purpose
  return {
    ...{ slots, postgres, temporal, stub, platform, weather, db },
    async close() {
      await Promise.all(slots.map((slot) => slot.close()))
      await Promise.all([db.end(), stub.close(), platform.close()])
      await Promise.all([postgres.close(), temporal.close()])
      await rm(join(folder, 'compiled'), { recursive: true, force: true })
      await rm(bundleFile, { force: true })
    },
  }
}

const roleOf = (name: string): Slot['role'] => (name.startsWith('api') ? 'api' : 'worker')

async function migrated(postgresUrl: string): Promise<void> {
  const database = await openDatabase({ postgresUrl, poolSize: 2 })
  await migrate(database)
  await database.close()
}
