import { copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { endProcess } from '../../temporal/end-process.ts'
import { readServerRecord } from '../../temporal/server-record.ts'
import { pgliteTemplate } from '../support/databases.ts'
import { type Api, EVE } from '../support/e2e-house.ts'
import { endProcesses, startTurnkeeper, type TurnkeeperProcess } from '../support/processes.ts'
import {
  defaultAnswer,
  type StubOpenai,
  type StubScript,
  startStubOpenai,
} from '../support/stub-openai.ts'
import { startTestTemporal } from '../support/temporal.ts'

type Env = Readonly<Record<string, string>>

/** A data folder with an empty database in it, `turnkeeper dev` in that folder, and a model. */
export interface DevFolder {
  readonly stub: StubOpenai
  /** The project's: paths of plugins count from there. */
  readonly path: string
  answer(script: StubScript): void
  /** Starts `dev` and waits for its banner. */
  start(): Promise<Api>
  /** Starts `dev` and waits for nothing. */
  spawn(): TurnkeeperProcess
  /** The Temporal server that was last started here; undefined after an orderly end. */
  temporalPid(): number | undefined
  /** Temporal's database file. */
  readonly temporalFile: string
  close(): Promise<void>
}

export interface DevOptions {
  readonly env?: Env
  readonly character?: object
  /** Characters of other agents. @default none */
  readonly others?: readonly object[]
  /** Copied into the project's folder. @default none */
  readonly files?: readonly string[]
  /** Temporal is `dev`'s own child. @default false: the tests', so that files in parallel share no port */
  readonly isWhole?: boolean
}

export async function openDevFolder(options: DevOptions = {}): Promise<DevFolder> {
  let script: StubScript = defaultAnswer
  const stub = await startStubOpenai((body, n) => script(body, n))
  const temporal = options.isWhole ? undefined : await startTestTemporal()
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-dev-'))
  const dataDir = join(folder, 'data')
  await cp(await pgliteTemplate(), dataDir, { recursive: true })
  const { character = EVE, others = [], files = [] } = options
  const characters = await Promise.all(
    [character, ...others].map(async (one, n) => {
      const file = join(folder, n === 0 ? 'character.json' : `character-${n + 1}.json`)
      await writeFile(file, JSON.stringify(one))
      return file
    }),
  )
  await Promise.all(files.map((path) => copyFile(path, join(folder, basename(path)))))
  const env = {
    TURNKEEPER_DATA_DIR: dataDir,
    OPENAI_BASE_URL: stub.url,
    OPENAI_LARGE_MODEL: 'stub',
    SERVER_PORT: '0',
    ...(temporal && { TEMPORAL_ADDRESS: temporal.address }),
    ...options.env,
  }
  const temporalDir = join(dataDir, 'temporal')
  const spawn = () =>
    startTurnkeeper({ args: ['dev', '--character', ...characters], cwd: folder, env })
  return {
    ...{ stub, spawn },
    path: folder,
    answer: (next) => {
      script = next
    },
    async start() {
      const dev = spawn()
      const [, url = ''] = await dev.logged(/^API +(http:\/\/[\d.:]+)$/m)
      return { ...dev, url }
    },
    temporalPid: () => readServerRecord(temporalDir)?.pid,
    temporalFile: join(temporalDir, 'temporal.db'),
    async close() {
      await endProcesses()
      await endOrphan(temporalDir)
      await Promise.all([stub.close(), temporal?.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What a killed `dev` leaves behind, if the test did not start it again. */
async function endOrphan(temporalDir: string): Promise<void> {
  const record = readServerRecord(temporalDir)
  if (record) await endProcess(record)
}
