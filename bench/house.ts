import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type StubOpenai, type StubScript, startStubOpenai } from '../test/support/stub-openai.ts'

const LAUNCHER = fileURLToPath(new URL('../bin/turnkeeper.js', import.meta.url))
const READY_LIMIT_MS = 60_000

/** A running `turnkeeper dev` with a stub model that answers at once, in a folder of its own. */
export interface House {
  readonly url: string
  readonly stub: StubOpenai
  readonly dataDir: string
  /** Of the first character. */
  readonly agentId: string
  pid(): number
  /** `kill -9`, the whole process at once. */
  kill(): Promise<void>
  /** Starts it again in the same folder; resolves when it is ready. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface HouseOptions {
  readonly script?: StubScript
  readonly env?: Readonly<Record<string, string>>
  /** @default the built-in one */
  readonly characters?: readonly object[]
  readonly port: number
}

export async function openHouse(options: HouseOptions): Promise<House> {
  const { script, env = {}, characters = [], port } = options
  const stub = await startStubOpenai(script)
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-bench-'))
  const dataDir = join(folder, 'data')
  const url = `http://127.0.0.1:${port}`
  const files = await charactersIn(join(folder, 'characters'), characters)
  const named = files.length > 0 ? ['--character', ...files] : []
  let child: ChildProcess | undefined
  const start = async () => {
    child = spawn(
      process.execPath,
      [LAUNCHER, 'dev', '--port', String(port), '--data-dir', dataDir, ...named],
      {
        env: {
          ...process.env,
          LOG_LEVEL: 'error',
          OPENAI_BASE_URL: stub.url,
          OPENAI_LARGE_MODEL: 'stub',
          ...env,
        },
        stdio: 'ignore',
      },
    )
    await ready(url, child)
  }
  await start()
  return {
    url,
    stub,
    dataDir,
    agentId: await firstAgent(url),
    pid: () => child?.pid ?? 0,
    start,
    kill: () => ended(child, 'SIGKILL'),
    stop: async () => {
      await ended(child, 'SIGTERM')
      await stub.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function charactersIn(folder: string, characters: readonly object[]): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  return Promise.all(
    characters.map(async (character, n) => {
      const file = join(folder, `${n + 1}.json`)
      await writeFile(file, JSON.stringify(character))
      return file
    }),
  )
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const limit = Date.now() + READY_LIMIT_MS
  while (Date.now() < limit) {
    if (child.exitCode !== null) throw new Error(`turnkeeper dev ended with ${child.exitCode}.`)
    const isReady = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isReady) return
    await delay(20)
  }
  throw new Error(`turnkeeper dev was not ready after ${READY_LIMIT_MS} ms.`)
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

async function firstAgent(url: string): Promise<string> {
  const { data } = await getJson<{ data: { agents: { id: string }[] } }>(`${url}/api/agents`)
  const [agent] = data.agents
  if (!agent) throw new Error('The house has no agent.')
  return agent.id
}

/** GETs JSON. The caller says what it holds: this program wrote it. */
export async function getJson<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`GET ${url} answered ${answer.status}.`)
  return (await answer.json()) as T
}
