import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { startPostgres, type TestPostgres } from './postgres.ts'
import {
  endProcesses,
  type Run,
  runTurnkeeper,
  startTurnkeeper,
  type TurnkeeperProcess,
} from './processes.ts'
import { defaultAnswer, type StubOpenai, type StubScript, startStubOpenai } from './stub-openai.ts'
import { startTestTemporal, type TestTemporal } from './temporal.ts'

type Env = Readonly<Record<string, string>>

export interface Api extends TurnkeeperProcess {
  readonly url: string
}

export interface Worker extends TurnkeeperProcess {
  /** The name of its large model: tells which worker the stub talks to. */
  readonly model: string
}

/** Postgres, Temporal and a model of its own; api and workers as processes, as in production. */
export interface House {
  readonly postgres: TestPostgres
  /** Of the house's database. */
  readonly postgresUrl: string
  readonly stub: StubOpenai
  /** What the model answers from now on. */
  answer(script: StubScript): void
  startApi(env?: Env): Promise<Api>
  /** @param program the launcher of another build */
  startWorker(env?: Env, program?: string): Promise<Worker>
  /** Runs a command with the settings of all. */
  run(args: readonly string[]): Promise<Run>
  close(): Promise<void>
}

export interface HouseOptions {
  /** Settings of every process. */
  readonly env?: Env
  readonly character?: object
  /** Copied into the project's folder, where paths of plugins count from. @default none */
  readonly files?: readonly string[]
  /** @default a server of its own, which `close` stops */
  readonly temporalAddress?: string
}

export const EVE = { name: 'Eve', bio: ['Eve answers what she is asked.'] }

/** A Task Queue of its own would not be needed, as the server is its own; but then nobody tests the name. */
const TASK_QUEUE = 'e2e'

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const { env, character = EVE, files = [], temporalAddress } = options
  let script: StubScript = defaultAnswer
  const [folder, postgres, temporal, stub] = await Promise.all([
    mkdtemp(join(tmpdir(), 'turnkeeper-e2e-')),
    startPostgres(),
    temporalAddress === undefined ? startTestTemporal() : elsewhere(temporalAddress),
    startStubOpenai((body, n) => script(body, n)),
  ])
  const postgresUrl = await postgres.createDatabase()
  const file = join(folder, 'character.json')
  await writeFile(file, JSON.stringify(character))
  await Promise.all(files.map((path) => copyFile(path, join(folder, basename(path)))))
  const common = {
    POSTGRES_URL: postgresUrl,
    SECRET_SALT: 'a salt of the tests',
    TEMPORAL_ADDRESS: temporal.address,
    OPENAI_BASE_URL: stub.url,
    TURNKEEPER_TASK_QUEUE: TASK_QUEUE,
    SERVER_PORT: '0',
    ...env,
  }
  let workers = 0
  return {
    ...{ postgres, postgresUrl, stub },
    answer: (next) => {
      script = next
    },
    async startApi(more) {
      const args = ['api', '--character', file]
      const api = startTurnkeeper({ args, cwd: folder, env: { ...common, ...more } })
      const [, url = ''] = await api.logged(/API on (http:\/\/[\d.:]+)/)
      return { ...api, url }
    },
    run: (args) => runTurnkeeper({ args, cwd: folder, env: common }),
    async startWorker(more, program) {
      workers += 1
      const model = `model-of-worker-${workers}`
      const all = { ...common, ...more, OPENAI_LARGE_MODEL: model }
      const worker = startTurnkeeper({ args: ['worker'], cwd: folder, env: all, program })
      await worker.logged(/Worker is polling/)
      return { ...worker, model }
    },
    async close() {
      await endProcesses()
      await Promise.all([stub.close(), temporal.stop(), postgres.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const elsewhere = (address: string): TestTemporal => ({ address, stop: async () => undefined })
