import { randomUUID } from 'node:crypto'
import { buildAgent } from '../../agent/build-agent.ts'
import type { ModelVendor } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Ports } from '../../agent/ports.ts'
import { createMediaFetcher } from '../../bin/media-fetch.ts'
import { createPorts } from '../../bin/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { HeadTurn, TurnInput, TurnState } from '../../schema/turn.ts'
import { createInProcessStream } from '../../streams/in-process.ts'
import { accept } from '../../turns/accept.ts'
import { type Answered, answerApproval, type GivenAnswer } from '../../turns/answer-approval.ts'
import { listApprovals } from '../../turns/approvals.ts'
import { openLimits } from './open-limits.ts'
import { routerOf } from './resolved-model.ts'
import { createChannel, first, messageTo, turnRow } from './turn-fixtures.ts'
import type { TurnBench } from './turn-worker.ts'

/** Real ports on a real database, with workers that come and go on a real Temporal server. */
export interface ApprovalHouse {
  readonly ports: Ports
  /** A person says something in the house's channel; its turn is started if it is the head. */
  say(text: string): Promise<TurnInput>
  /** Starts what the answer made the head, unless told not to. */
  answer(
    turn: HeadTurn,
    decision: GivenAnswer['decision'],
    options?: { starts: boolean },
  ): Promise<Answered>
  start(head: HeadTurn): Promise<void>
  withWorker<T>(use: () => Promise<T>): Promise<T>
  /** Waits until the turn is in that state. */
  reached(turn: HeadTurn, state: TurnState): Promise<void>
  /** Everything that was said in the channel by the agent, oldest first. */
  said(): Promise<readonly string[]>
}

const DEADLINE_MS = 30_000
const POLL_MS = 20

export async function openApprovalHouse(
  bench: TurnBench,
  database: OpenDatabase,
  { vendor, plugins }: { vendor: ModelVendor; plugins: readonly Plugin[] },
): Promise<ApprovalHouse> {
  const { db } = database
  const taskQueue = `turns-${randomUUID()}`
  const channel = await createChannel(db)
  const start = async (head: HeadTurn) => {
    await bench.start({ ...head, heartbeatTimeoutMs: 3_000 }, taskQueue)
  }
  const ports = createPorts({
    media: createMediaFetcher({ allowedHosts: [] }),
    db,
    agents: {
      get: async (id) => buildAgent(id, { name: 'Ada', bio: 'A companion.' }, {}, plugins),
    },
    models: routerOf(vendor),
    ...openLimits,
    budgets: [],
    stream: createInProcessStream(),
    connectors: { for: () => undefined },
    log: { warn: () => {} },
    startHead: start,
  })
  return {
    ports,
    start,
    async say(text) {
      const accepted = await accept(db, messageTo(channel, { text }))
      if (accepted.kind !== 'accepted') throw new Error('The message was taken for a repeat.')
      for (const head of accepted.heads) await start(head)
      const { id, gen, deadline_at: deadlineAt } = await turnRow(db, first(accepted.tickets).turnId)
      const { agentId, roomId } = first(channel.rooms)
      const turn = { turnId: id, gen, agentId, roomId, deadlineAt: deadlineAt.getTime() }
      return { ...turn, heartbeatTimeoutMs: 3_000 }
    },
    async answer({ turnId }, decision, { starts } = { starts: true }) {
      const { id } = first(await listApprovals(db, { turnId, limit: 1 }))
      const answer = { id, decision, by: 'Kim', via: 'api', turnDeadlineMs: 300_000 } as const
      const answered = await answerApproval(db, answer)
      if (!answered) throw new Error('There is no such approval.')
      if (starts && answered.head) await start(answered.head)
      return answered
    },
    withWorker: (use) => bench.withWorker(ports, use, taskQueue),
    async reached({ turnId }, state) {
      const giveUpAt = Date.now() + DEADLINE_MS
      for (;;) {
        const row = await turnRow(db, turnId)
        if (row.state === state) return
        if (Date.now() > giveUpAt)
          throw new Error(`It is ${row.state} (${row.error}), not ${state}.`)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
    async said() {
      const rows = await db
        .selectFrom('messages')
        .select('content')
        .where('channel_id', '=', channel.channelId)
        .where('source_type', '=', 'agent_response')
        .orderBy('created_at')
        .execute()
      return rows.map(({ content }) => content)
    },
  }
}
