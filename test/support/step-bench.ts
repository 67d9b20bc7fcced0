import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { type Activities, createActivities } from '../../activities/index.ts'
import { buildAgent } from '../../agent/build-agent.ts'
import type { Sender } from '../../agent/connector.ts'
import type { SendingSettings } from '../../agent/outbox.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { AgentRegistry, Ports } from '../../agent/ports.ts'
import { createMediaFetcher } from '../../bin/media-fetch.ts'
import { createPorts } from '../../bin/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { createModelRouter } from '../../models/router.ts'
import type { HeadTurn, TurnInput } from '../../schema/turn.ts'
import { createInProcessStream } from '../../streams/in-process.ts'
import { openLimits } from './open-limits.ts'
import { createChannel, headOf, RUN_ID, runTurn, type TestChannel } from './turn-fixtures.ts'

export interface StepBenchOptions {
  readonly database: OpenDatabase
  /** Of a stub that speaks OpenAI's wire; without it the built-in ELIZA answers. */
  readonly modelUrl?: string
  readonly plugins?: readonly Plugin[]
  /** @default one character for all, with `plugins` */
  readonly agents?: AgentRegistry
  readonly connector?: Sender
  readonly sending?: SendingSettings
  /** Changes what a worker is given, to let it die at a chosen place. */
  readonly tamper?: (ports: Ports) => Ports
}

export interface StepBench {
  /** The real ports of a worker of its own. */
  worker(): Ports
  /** Runs activities as one attempt of a step, in a worker of its own with the real ports. */
  attempt<T>(attempt: number, work: (activities: Activities) => Promise<T>): Promise<T>
  /** A channel whose rooms belong to the bench's connector, if there is one. */
  channel(): Promise<TestChannel>
  /** An admitted turn, its prompt composed. */
  turn(channel?: TestChannel): Promise<TurnInput>
  /** Heads that `settle` had started. */
  readonly started: HeadTurn[]
  /** Log lines with the words of their errors. */
  readonly warnings: string[]
}

/** Activity bodies as the worker runs them, on a real database, without Temporal. */
export function createStepBench(options: StepBenchOptions): StepBench {
  const { database, connector, tamper = (ports) => ports } = options
  const started: HeadTurn[] = []
  const warnings: string[] = []
  const worker = () =>
    createPorts({
      media: createMediaFetcher({ allowedHosts: [] }),
      db: database.db,
      agents: options.agents ?? {
        get: async (id) => buildAgent(id, CHARACTER, {}, options.plugins ?? []),
      },
      models: createModelRouter({ modelSettings: settingsOf(options) }),
      ...openLimits,
      stream: createInProcessStream(),
      connectors: { for: (source) => (source === connector?.source ? connector : undefined) },
      sending: options.sending,
      log: { warn: (_, message, error) => warnings.push(`${message} ${String(error)}`) },
      startHead: async (head) => void started.push(head),
    })
  const attempt: StepBench['attempt'] = (number, work) => {
    const info = { attempt: number, activityId: 'activity', isLocal: false }
    const workflowExecution = { workflowId: 'workflow', runId: RUN_ID }
    const environment = new MockActivityEnvironment({ ...info, workflowExecution }, QUIET)
    return environment.run(() => work(createActivities(tamper(worker()))))
  }
  const channel = () => createChannel(database.db, { source: connector?.source })
  return {
    ...{ worker, attempt, channel, started, warnings },
    async turn(given) {
      const turn = headOf(await runTurn(database.db, given ?? (await channel())))
      const input = { ...turn, heartbeatTimeoutMs: 3_000 }
      await attempt(1, (activities) => activities.composeState(input))
      return input
    },
  }
}

/** The built-in ELIZA is named, or an Ollama on the machine would answer for it. */
const settingsOf = ({ modelUrl }: StepBenchOptions): Record<string, string> =>
  modelUrl === undefined
    ? { MODEL_VENDOR: 'eliza' }
    : { OPENAI_BASE_URL: modelUrl, OPENAI_LARGE_MODEL: 'stub' }

/** The SDK would write each failed attempt to the test's output. */
const QUIET = { logger: new DefaultLogger('ERROR') }

const CHARACTER = { name: 'Ada', bio: 'A companion.' }
