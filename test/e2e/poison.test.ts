import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { bundleWorkflowCode, DefaultLogger, type Worker } from '@temporalio/worker'
import { sql } from 'kysely'
import { createMessagesPort } from '../../bin/api/messages.ts'
import { type Assembly, assemble } from '../../bin/assembly.ts'
import { createLogger } from '../../observability/log.ts'
import { parseCharacter } from '../../schema/character.ts'
import { loadConfig } from '../../schema/load-config.ts'
import { isTerminal } from '../../schema/turn.ts'
import { createAgentWorker } from '../../workers/agent-worker.ts'
import { openTestPglite } from '../support/databases.ts'
import {
  BROKEN_WORKFLOW,
  endPoison,
  NEVER_LOADED,
  POISONS,
  poison,
  poisoned,
  THROWS_WHEN_LOADED,
} from '../support/poison.ts'
import { startTestTemporal, type TestTemporal } from '../support/temporal.ts'
import { turnRow } from '../support/turn-fixtures.ts'
import '../support/quiet-runtime.ts'
import { until } from './until.ts'

const DEADLINE_MS = 6_000
/** What I6 allows, counted by the database's clock. */
const LATE_MS = 10_000
const LIMIT_MS = 60_000

/** One process with everything in it; every poison has a room of its own, and somebody who waits behind it. */
let temporal: TestTemporal
let assembly: Assembly
let worker: Worker
let running: Promise<void>
const rooms = new Map<string, { readonly first: string; readonly second: string }>()

const WELL = '00000000-0000-4000-8000-00000000b0bf'
const AGENTS = [WELL, BROKEN_WORKFLOW, THROWS_WHEN_LOADED, NEVER_LOADED]
const WORDS = [
  ...POISONS,
  ...['MODEL_HANGS', 'PROVIDER_HANGS', 'PROVIDER_HUGE', 'PROVIDER_THROWS_NOTHING'],
  'EVALUATOR_HANGS',
]

beforeAll(async () => {
  temporal = await startTestTemporal()
  const env = {
    TURNKEEPER_TURN_DEADLINE_MS: String(DEADLINE_MS),
    TURNKEEPER_TASK_QUEUE: 'poison',
    TURNKEEPER_DRAIN_MS: '1',
    TURNKEEPER_SWEEP_INTERVAL_MS: '1000',
  }
  const { config } = loadConfig({ env })
  const logger = createLogger({ level: 'silent', pretty: false, logContent: false, secrets: [] })
  assembly = await assemble({
    ...{ config, logger, salt: 'a salt', temporalAddress: temporal.address, hasWorker: true },
    ...{ database: await openTestPglite(), elizaTypingMs: 0 },
    plugins: [poison],
    intercept: poisoned,
  })
  for (const id of AGENTS) {
    const character = { id, name: `Agent ${id.slice(-2)}`, bio: 'A test.' }
    await assembly.agents.create(parseCharacter(character, 'a test'))
    await assembly.agents.setStatus(id, 'active')
  }
  const { connection, namespace } = await assembly.temporal.connection()
  const workflowsPath = fileURLToPath(new URL('../support/broken-workflows.ts', import.meta.url))
  worker = await createAgentWorker(assembly.ports, {
    ...{ connection, namespace, taskQueue: 'poison', heartbeatThrottleMs: 500, drainMs: 1 },
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
  })
  running = worker.run()
  assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
  for (const word of WORDS) {
    const turns = await twoTurns(WELL, word)
    // Who waits behind a turn that takes all its time needs more than that.
    await sql`update turns set deadline_at = deadline_at + interval '1 minute'
      where id = ${turns.second}`.execute(assembly.db)
    rooms.set(word, turns)
  }
  for (const id of AGENTS.slice(1)) rooms.set(id, await twoTurns(id, 'HELLO'))
}, LIMIT_MS)

afterAll(async () => {
  endPoison()
  worker.shutdown()
  await running.catch(() => undefined)
  await assembly.close()
  await temporal.stop()
}, LIMIT_MS)

async function twoTurns(agentId: string, word: string) {
  const messages = createMessagesPort(assembly)
  const channelId = randomUUID()
  const authorId = randomUUID()
  const say = async (content: string) => {
    const metadata = { targetAgentId: agentId }
    const place = { channelId, authorId, content, sourceType: 'client_chat' }
    const accepted = await messages.accept({ ...place, rawMessage: {}, metadata, isDirect: true })
    return accepted.turns[0]?.turnId ?? ''
  }
  return { first: await say(`DO:${word}`), second: await say('DO:HELLO') }
}

async function ended(turnId: string) {
  const row = await until(
    `the end of ${turnId}`,
    async () => {
      const found = await turnRow(assembly.db, turnId)
      return isTerminal(found.state) ? found : undefined
    },
    LIMIT_MS / 2,
  )
  const lateMs = (row.settled_at?.getTime() ?? Number.POSITIVE_INFINITY) - row.deadline_at.getTime()
  return { ...row, isLate: lateMs > LATE_MS }
}

/** Others are heard of in the trace only: a throwing handler's failure is its result. */
const ENDINGS: Readonly<Record<string, RegExp>> = {
  HANG: /^timed_out$/,
  MODEL_HANGS: /^timed_out$/,
  RETURN_CIRCLE: /^(failed|timed_out)$/,
  RETURN_BIGINT: /^(failed|timed_out)$/,
}

const roomOf = (name: string) => rooms.get(name) ?? { first: '', second: '' }

describe('a poisoned turn', () => {
  it.each(WORDS)(
    'that does %s ends in time, and the next one of its room is answered',
    async (word) => {
      const { first, second } = roomOf(word)
      expect(await ended(first)).toMatchObject({
        isLate: false,
        state: expect.stringMatching(ENDINGS[word] ?? /^replied$/),
      })
      expect(await ended(second)).toMatchObject({ state: 'replied', isLate: false })
    },
    LIMIT_MS,
  )

  it.each([
    ['whose agent throws when it is loaded', THROWS_WHEN_LOADED],
    ['whose agent never loads', NEVER_LOADED],
    ['whose Workflow code has a defect', BROKEN_WORKFLOW],
  ])(
    '%s ends in time, and so does the next one of its room; both are apologised for',
    async (_, id) => {
      const { first, second } = roomOf(id)
      for (const turnId of [first, second]) {
        const row = await ended(turnId)
        expect(row).toMatchObject({ isLate: false, dead_letter: 'open' })
        expect(row.reply_memory_id).not.toBeNull()
      }
    },
    LIMIT_MS,
  )

  it(
    'leaves no Workflow behind that would be repeated for ever',
    async () => {
      const { first } = roomOf(BROKEN_WORKFLOW)
      await ended(first)
      const workflows = await assembly.temporal.workflows()
      await until('its end', async () =>
        (await workflows.standing({ turnId: first, gen: 1 })) === 'closed' ? true : undefined,
      )
    },
    LIMIT_MS,
  )
})
