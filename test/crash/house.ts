import pg from 'pg'
import { messageIn } from '../e2e/answers.ts'
import type { Answer, ChatBody, TextAnswer } from '../support/stub-openai.ts'
import { defaultAnswer, type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { type Hit, type Instruction, startControl } from './control.ts'
import { ACTIONS } from './crash-plugin.ts'
import { type Crew, openCrew } from './crew.ts'
import { type Platform, startPlatform } from './platform.ts'
import { takeSeat } from './seated.ts'
import type { Site } from './site.ts'

/** Short where a setting allows it: the matrix is mostly waiting. */
const SETTINGS = {
  SECRET_SALT: 'a salt of the tests',
  TURNKEEPER_HEARTBEAT_TIMEOUT_MS: '1200',
  TURNKEEPER_HEARTBEAT_THROTTLE_MS: '200',
  TURNKEEPER_WORKFLOW_TASK_TIMEOUT_MS: '2000',
  TURNKEEPER_SWEEP_INTERVAL_MS: '1000',
  TURNKEEPER_TURN_DEADLINE_MS: '120000',
  TURNKEEPER_DRAIN_MS: '3000',
  TURNKEEPER_POSTGRES_POOL: '5',
  SERVER_PORT: '0',
  // Cells share a house, and each has a failure of its own.
  TURNKEEPER_BREAKER_FAILURES: '0',
}

/** In a message: the first vendor has an accident with it. */
export const FIRST_VENDOR_FAILS = 'and the first vendor fails'

const ACCIDENT: Answer = {
  ...{ kind: 'status', status: 500, body: { error: { message: 'An accident.', type: 'stub' } } },
}

/** By the size in the model's name: the request of whom has arrived. */
const SENT: Readonly<Record<string, string>> = {
  large: 'request:sent',
  second: 'fallback request:sent',
}

/** What happens at points; a cell puts its fault here. */
export interface Script {
  /** Undefined: the process goes on. */
  atPoint?: (hit: Hit) => Promise<Instruction> | undefined
  /** Undefined: the model says what it always says. */
  answer?: (body: ChatBody) => Answer | undefined
}

/** A database, an outside world and processes of its own: what happens here disturbs no other house. */
export interface House {
  readonly site: Site
  readonly crew: Crew
  /** The runner's own connections, around every wire that can be cut. */
  readonly db: pg.Pool
  readonly stub: StubOpenai
  readonly platform: Platform
  /** Both may be changed at any time. */
  readonly script: Script
  /** Resolves once a worker has no step under way. */
  idle(process: string): Promise<void>
  close(): Promise<void>
}

export async function openHouse(site: Site, taskQueue: string): Promise<House> {
  const postgresUrl = await site.createDatabase()
  const script: Script = {}
  const onHit = async (hit: Hit): Promise<Instruction> => (await script.atPoint?.(hit)) ?? 'go'
  const platform = await startPlatform(onHit)
  const stub = await startStubOpenai((body, n) => {
    const [size, process = ''] = (body.model ?? '').split(' of ')
    const prompt = promptText(body)
    const point = prompt.includes('<step>composeState</step>')
      ? 'provider request:sent'
      : SENT[size ?? '']
    if (point !== undefined) void onHit({ point, process })
    if (size === 'large' && messageIn(prompt)?.endsWith(FIRST_VENDOR_FAILS)) return ACCIDENT
    return script.answer?.(body) ?? usualAnswer(body, n)
  })
  const crew = Promise.withResolvers<Crew>()
  const control = await startControl({
    onReady: (process, url) => void crew.promise.then((c) => c.named(process)?.noteReady(url)),
    onHit,
  })
  const { bundleFile, temporalAddress, compileCache } = site
  const opened = await openCrew((role, name) =>
    takeSeat({
      ...{ role, postgresUrl, temporalAddress },
      seat: { name, controlPort: control.port, platformUrl: platform.urlFor(name), bundleFile },
      env: {
        ...SETTINGS,
        OPENAI_BASE_URL: stub.url,
        OPENAI_LARGE_MODEL: `large of ${name}`,
        OPENAI_SMALL_MODEL: `small of ${name}`,
        // The second vendor of the chain, on the same stub, so that there is one bill.
        XAI_API_KEY: 'a-key-of-tests',
        XAI_BASE_URL: stub.url,
        XAI_LARGE_MODEL: `second of ${name}`,
        XAI_SMALL_MODEL: `small second of ${name}`,
        TURNKEEPER_TASK_QUEUE: taskQueue,
        NODE_COMPILE_CACHE: compileCache,
      },
    }),
  )
  crew.resolve(opened)
  const db = new pg.Pool({ connectionString: postgresUrl, max: 4 })
  return {
    ...{ site, crew: opened, db, stub, platform, script, idle: control.idle },
    async close() {
      await opened.close()
      await Promise.all([db.end(), control.close(), platform.close(), stub.close()])
    },
  }
}

/** An answer with both actions; a short text to the evaluator. */
export function usualAnswer(body: ChatBody, n: number): TextAnswer {
  const answer = defaultAnswer(body, n)
  if (body.model?.startsWith('small')) return { ...answer, text: 'Nothing of note.' }
  // Every answer is another one: who writes an old one late is found out.
  const actions = promptText(body).includes('ENROL') ? 'REPLY,PAY,ENROL' : ACTIONS
  const text = answer.text.replace('>REPLY<', `>${actions}<`).replace('</text>', ` (${n})</text>`)
  return { ...answer, text }
}
