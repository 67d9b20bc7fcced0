import type { WorkerDeploymentVersion } from '@temporalio/common'
import type { HeadTurn } from '../schema/turn.ts'
import type { TemporalConnection } from '../temporal/connection.ts'
import {
  type BuildStanding,
  type CurrentBuild,
  type KnownStanding,
  watchCurrentBuild,
} from '../temporal/current-build.ts'
import { createStartDelivery } from '../temporal/start-delivery.ts'
import { createStartTurn, type StartOutcome, type StartSettings } from '../temporal/start-turn.ts'
import { createTurnWorkflows, type TurnWorkflows } from '../temporal/turn-workflows.ts'
import type { OutboxRoom } from '../turns/outbox-abandoned.ts'

/** Temporal, as far as it can be reached: connects at first use and again after a failure. */
export interface TemporalLink {
  readonly namespace: string
  startTurn(turn: HeadTurn): Promise<StartOutcome>
  /** Of what waits in a room's outbox and nobody sends. */
  startDelivery(room: OutboxRoom): Promise<void>
  /** @throws when Temporal cannot be reached. */
  workflows(): Promise<TurnWorkflows>
  connection(): Promise<TemporalConnection>
  /** Whether new turns go to this process's build; always, when it has none. */
  buildStanding(): BuildStanding
  close(): Promise<void>
}

type LinkSettings = Omit<StartSettings, 'hasSearchAttributes' | 'isCurrent'> & {
  readonly namespace: string
  /** That this process runs turns as. @default unversioned */
  readonly version?: WorkerDeploymentVersion
  readonly onStanding?: (standing: KnownStanding) => void
}

export function createTemporalLink(
  connect: () => Promise<TemporalConnection>,
  settings: LinkSettings,
): TemporalLink {
  const { version, taskQueue, onStanding: onChange } = settings
  let pending: Promise<ReturnType<typeof open>> | undefined
  let build: CurrentBuild | undefined
  const buildStanding = () => (version ? (build?.standing() ?? 'unknown') : 'current')
  const open = (temporal: TemporalConnection) => {
    if (version) build = watchCurrentBuild(temporal.client, { taskQueue, version, onChange })
    return {
      temporal,
      startTurn: createStartTurn(temporal.client, {
        ...settings,
        hasSearchAttributes: temporal.hasSearchAttributes,
        isCurrent: () => buildStanding() === 'current',
      }),
      startDelivery: createStartDelivery(temporal.client, {
        ...settings,
        hasSearchAttributes: temporal.hasSearchAttributes,
      }),
      workflows: createTurnWorkflows(temporal.client),
    }
  }
  const opened = () => {
    pending ??= connect().then(open)
    const mine = pending
    mine.catch(() => {
      if (pending === mine) pending = undefined
    })
    return mine
  }
  return {
    namespace: settings.namespace,
    startTurn: async (turn) => (await opened()).startTurn(turn),
    startDelivery: async (room) => (await opened()).startDelivery(room),
    workflows: async () => (await opened()).workflows,
    connection: async () => (await opened()).temporal,
    buildStanding,
    close: async () => {
      const link = await pending?.catch(() => undefined)
      build?.stop()
      await link?.temporal.connection.close()
    },
  }
}
