import type { HeadTurn } from '../schema/turn.ts'
import type { TemporalConnection } from '../temporal/connection.ts'
import { createStartTurn, type StartOutcome, type StartSettings } from '../temporal/start-turn.ts'
import { createTurnWorkflows, type TurnWorkflows } from '../temporal/turn-workflows.ts'

/** Temporal, as far as it can be reached: connects at first use and again after a failure. */
export interface TemporalLink {
  readonly namespace: string
  startTurn(turn: HeadTurn): Promise<StartOutcome>
  /** @throws when Temporal cannot be reached. */
  workflows(): Promise<TurnWorkflows>
  connection(): Promise<TemporalConnection>
  close(): Promise<void>
}

type LinkSettings = Omit<StartSettings, 'hasSearchAttributes'> & {
  readonly namespace: string
}

export function createTemporalLink(
  connect: () => Promise<TemporalConnection>,
  settings: LinkSettings,
): TemporalLink {
  let pending: Promise<ReturnType<typeof open>> | undefined
  const open = (temporal: TemporalConnection) => ({
    temporal,
    startTurn: createStartTurn(temporal.client, {
      ...settings,
      hasSearchAttributes: temporal.hasSearchAttributes,
    }),
    workflows: createTurnWorkflows(temporal.client),
  })
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
    workflows: async () => (await opened()).workflows,
    connection: async () => (await opened()).temporal,
    close: async () => {
      const link = await pending?.catch(() => undefined)
      await link?.temporal.connection.close()
    },
  }
}
