import type { Kysely } from 'kysely'
import type { MultiStepDefaults } from '../agent/asking.ts'
import { attachmentsOf, needsAttention } from '../agent/attachments.ts'
import type { Breakers } from '../agent/breakers.ts'
import type { DecisionMode } from '../agent/decision-mode.ts'
import { UnavailableError } from '../agent/errors.ts'
import type { MediaFetcher } from '../agent/media.ts'
import type { ModelRouter } from '../agent/models.ts'
import type { SendingSettings } from '../agent/outbox.ts'
import type {
  AgentRegistry,
  Connectors,
  LoadedTurn,
  Ports,
  StepLog,
  StoredPrompt,
} from '../agent/ports.ts'
import type { RateLimits } from '../agent/rates.ts'
import type { Records, RecordWrite } from '../agent/records.ts'
import { isUnavailable, withRetry } from '../database/failures.ts'
import { roomEntities } from '../memory/entities.ts'
import { recentMemories } from '../memory/memories.ts'
import { createRecords } from '../memory/records.ts'
import type { Budget } from '../schema/budget.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import type { TaskPorts } from '../tasks/task-ports.ts'
import { admit, loadTurn } from '../turns/admit.ts'
import { writeDescriptions } from '../turns/described.ts'
import { claim, finish, journaled, journalOnce, noteFailure, standingOf } from '../turns/journal.ts'
import { completeCall, endCall } from '../turns/ledger.ts'
import { openCall, standingCall } from '../turns/ledger-open.ts'
import * as outbox from '../turns/outbox.ts'
import * as calls from '../turns/outbox-calls.ts'
import { readPrompt, writePrompt, writePromptWith } from '../turns/prompts.ts'
import { settle } from '../turns/settle.ts'
import { steer } from '../turns/steer.ts'
import { noteEvaluator, noteUnknownEffect, writeStep } from '../turns/writes.ts'
import { approvalStore, type Deadlines } from './approval-store.ts'
import { createRecentMap } from './recent-map.ts'

export interface PortsInput {
  readonly db: Kysely<Database>
  readonly agents: AgentRegistry
  readonly models: ModelRouter
  readonly breakers: Breakers
  readonly rates: RateLimits
  /** @default none are run */
  readonly tasks?: TaskPorts
  /** @default none */
  readonly budgets?: readonly Budget[]
  /** @default 'xml' */
  readonly decision?: DecisionMode
  readonly multiStep?: MultiStepDefaults
  readonly stream: TurnStream
  readonly connectors: Connectors
  readonly media: MediaFetcher
  /** @default DEFAULT_SENDING */
  readonly sending?: SendingSettings
  /** @default DEFAULT_DEADLINES */
  readonly deadlines?: Deadlines
  readonly log: StepLog
  startHead(head: HeadTurn): Promise<void>
  readonly startDelivery?: Ports['startDelivery']
  /** A step wrote tasks, and has committed. @default nobody minds */
  readonly tasksChanged?: () => void
  /** @default nobody listens */
  readonly turnEvents?: Ports['turnEvents']
}

/** Turns in flight in one process, with room to spare; each costs some kilobytes. */
const REMEMBERED = 500

/** The real ports of a worker: what activities ask for, from Postgres, models and connectors. */
export function createPorts({ db, tasksChanged, ...input }: PortsInput): Ports {
  return {
    budgets: [],
    ...input,
    turns: reachable(turnStore(db)),
    prompts: reachable(promptStore(db)),
    journal: reachable(journal(db, tasksChanged)),
    ledger: reachable({
      standing: (question) => standingCall(db, question),
      // Whoever deletes an agent meanwhile locks its rows in another order.
      open: (call) => withRetry(() => openCall(db, call)),
      complete: (call, answer) => withRetry(() => completeCall(db, call, answer)),
      end: (call, end) => withRetry(() => endCall(db, call, end)),
    }),
    memories: reachable({
      recent: (options) => recentMemories(db, options),
      entities: (roomId) => roomEntities(db, roomId),
    }),
    records: reachableRecords(createRecords(db)),
    approvals: reachable(approvalStore(db, input.deadlines)),
    outbox: reachable({
      lease: (roomId, token) => outbox.leaseDelivery(db, roomId, token),
      release: (roomId, token) => outbox.endDelivery(db, roomId, token),
      leave: (roomId, token) => outbox.leaveDelivery(db, roomId, token),
      next: (roomId) => outbox.nextOutboxRow(db, roomId),
      begin: (call) => calls.beginCall(db, call),
      shown: (call, shown) => calls.noteShown(db, call, shown),
      postpone: (call, postponement) => calls.postponeCall(db, call, postponement),
      fail: (row, reason) => calls.failRow(db, row, reason),
    }),
  }
}

const keyOf = ({ turnId, gen }: TurnRef) => `${turnId}:${gen}`

/** What `attend` finds is written to the message; and pictures that came inside it are large. */
const isKept = ({ message: { content } }: LoadedTurn): boolean =>
  !needsAttention(content) && !attachmentsOf(content).some(({ url }) => url.startsWith('data:'))

/** A turn does not change while it runs, so each process reads it once. */
function turnStore(db: Kysely<Database>): Ports['turns'] {
  const loaded = createRecentMap<LoadedTurn>(REMEMBERED)
  return {
    async admit(step) {
      const admitted = await admit(db, step)
      if (admitted.kind === 'admitted' && isKept(admitted.turn)) {
        loaded.put(keyOf(step), admitted.turn)
      }
      return admitted
    },
    async load(ref, round = 1) {
      const key = round === 1 ? keyOf(ref) : `${keyOf(ref)}:${round}`
      const known = loaded.get(key) ?? (await loadTurn(db, ref, round))
      if (known && isKept(known)) loaded.put(key, known)
      return known
    },
    steer: (attempt, round, said) => withRetry(() => steer(db, attempt, round, said)),
    settle: (settlement) => withRetry(() => settle(db, settlement)),
  }
}

/** A stored prompt does not change either; usually the process that composed it asks the model. */
function promptStore(db: Kysely<Database>): Ports['prompts'] {
  const stored = createRecentMap<StoredPrompt>(REMEMBERED)
  return {
    async read(turn, step) {
      return stored.get(`${keyOf(turn)}:${step}`) ?? readPrompt(db, turn, step)
    },
    async write(attempt, step, prompt, writes) {
      const written = await (writes
        ? withRetry(() => writePromptWith(db, attempt, step, { prompt, writes }))
        : writePrompt(db, attempt, step, prompt))
      stored.put(`${keyOf(attempt)}:${step}`, written)
      return written
    },
  }
}

/** A result does not change once it is journaled: the process that wrote it need not read it back. */
function journal(db: Kysely<Database>, tasksChanged?: () => void): Ports['journal'] {
  const results = createRecentMap<JsonObject>(REMEMBERED)
  return {
    claim: (attempt, options) => claim(db, attempt, options),
    once: (attempt, step, result) => journalOnce(db, attempt, step, result),
    read: async (turn, step) =>
      results.get(`${keyOf(turn)}:${step}`) ?? journaled(db, turn.turnId, turn.gen, step),
    standing: (turn, step) => standingOf(db, turn, step),
    noteFailure: (attempt, step, error) => noteFailure(db, attempt, step, error),
    async finish(attempt, step, result, writes) {
      if (!writes) {
        await finish(db, attempt, step, result)
        return results.put(`${keyOf(attempt)}:${step}`, result)
      }
      await withRetry(() =>
        db.transaction().execute(async (trx) => {
          const { turn, outboxSource, evaluator, unknownEffect, described } = writes
          // The turn's row before the step's, as whoever ends the turn locks them.
          if (unknownEffect) await noteUnknownEffect(trx, turn)
          await finish(trx, attempt, step, result)
          await writeStep(trx, { turn, step, outboxSource }, writes)
          if (described) await writeDescriptions(trx, turn, described)
          if (evaluator !== undefined) await noteEvaluator(trx, turn, evaluator)
        }),
      )
      if (writes.records?.some(({ kind }) => kind.startsWith('task.'))) tasksChanged?.()
    },
  }
}

/** The same for what is bound to one agent. */
const reachableRecords = (records: Records): Records => ({
  of: (agentId) => reachable(records.of(agentId)),
  commit: reachable({
    commit: (agentId: string, writes: readonly RecordWrite[]) =>
      withRetry(() => records.commit(agentId, writes)),
  }).commit,
})

/** Says `unavailable` where Postgres cannot be reached, so that the failure's code does. */
export function reachable<Port extends object>(port: Port): Port {
  const wrapped = Object.entries(port).map(([name, method]) => [
    name,
    async (...given: unknown[]) => {
      try {
        return await method(...given)
      } catch (error) {
        if (!isUnavailable(error)) throw error
        throw new UnavailableError(
          'Postgres cannot be reached. Try again; a message that is sent again needs its Idempotency-Key, or it may count twice.',
          {
            cause: error,
          },
        )
      }
    },
  ])
  return Object.fromEntries(wrapped) as Port // the same members, each with the same signature
}
