import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiDeps } from '../../api/deps.ts'
import type { TurnTrace } from '../../api/turns-port.ts'
import { runChat } from '../../cli/chat.ts'
import type { CommandIo } from '../../cli/command.ts'
import { parseCharacter } from '../../schema/character.ts'
import { eventually } from './eventually.ts'
import { createFakeApi, type FakeApi } from './fake-api-deps.ts'
import { type ServedApi, type ServeOptions, serveApi } from './served-api.ts'

/** A data folder, an API with agents in it, and chats that are started and ended on them. */
export interface ChatBench {
  readonly fake: FakeApi
  readonly dataDir: string
  /** The turns that began, in order, with what they answer. */
  readonly turns: { readonly turn: TurnTrace; readonly content: string }[]
  serve(options?: ServeOptions): Promise<ServedApi>
  /** Opens a chat; `end` is as if the process had been told to go. */
  chat(io: CommandIo, baseUrl: string, agentName?: string): RunningChat
  /** The nth turn, once it began. */
  turn(index: number): Promise<TurnTrace>
  /** @throws what a chat failed with. */
  close(): Promise<void>
}

export interface RunningChat {
  readonly ended: Promise<void>
  end(): Promise<void>
}

export async function createChatBench(more: Partial<ApiDeps> = {}): Promise<ChatBench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-chat-'))
  const fake = createFakeApi({}, more)
  const turns: { turn: TurnTrace; content: string }[] = []
  const failures: unknown[] = []
  const cleanups: (() => Promise<unknown>)[] = []
  fake.onTurn = (turn, content) => turns.push({ turn, content })
  for (const name of ['Ada', 'Bob']) await addAgent(fake, name)
  return {
    fake,
    dataDir,
    turns,
    async serve(options) {
      const served = await serveApi(fake.deps, options)
      cleanups.push(served.stop)
      return served
    },
    chat(io, baseUrl, agentName) {
      const leaving = new AbortController()
      const ended = runChat({ baseUrl, dataDir, agentName, io, signal: leaving.signal })
      ended.catch((error: unknown) => failures.push(error))
      const end = async () => {
        leaving.abort()
        await ended.catch(() => undefined)
      }
      cleanups.unshift(end)
      return { ended, end }
    },
    async turn(index) {
      await eventually(
        () => turns.length > index,
        () => `${turns.length} turns began`,
      )
      const entry = turns[index]
      if (!entry) throw new Error(`There is no turn ${index}.`)
      return entry.turn
    },
    async close() {
      for (const cleanup of cleanups) await cleanup()
      if (failures.length > 0) throw new AggregateError(failures, String(failures))
      await rm(dataDir, { recursive: true })
    },
  }
}

async function addAgent({ deps }: FakeApi, name: string): Promise<void> {
  const { id } = await deps.agents.create(
    parseCharacter({ name, bio: [`${name} is here.`] }, 'a test'),
  )
  await deps.agents.start(id)
}
