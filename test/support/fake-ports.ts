import { randomUUID } from 'node:crypto'
import type { Agent } from '../../agent/agent.ts'
import { buildAgent } from '../../agent/build-agent.ts'
import type { Sender } from '../../agent/connector.ts'
import { FencedError, NotFoundError } from '../../agent/errors.ts'
import { MediaError, type MediaFetcher } from '../../agent/media.ts'
import type { Content, Room } from '../../agent/memory.ts'
import type { ModelVendor } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Ports, SettleInput, TurnStore } from '../../agent/ports.ts'
import type { HeadTurn, TurnInput, TurnRef } from '../../schema/turn.ts'
import type { StreamEvent } from '../../streams/turn-stream.ts'
import { fakeApprovals } from './fake-approvals.ts'
import { fakeJournal } from './fake-journal.ts'
import { fakeLedger } from './fake-ledger.ts'
import { fakeOutbox, outboxEntry } from './fake-outbox.ts'
import { emptyRows, isActive, type Rows, rowOf, type StepRow, type TurnRow } from './fake-rows.ts'
import { createMemoryRecords } from './memory-records.ts'
import { openLimits } from './open-limits.ts'
import { routerOf } from './resolved-model.ts'

export interface FakePortsOptions {
  readonly vendor: ModelVendor
  /** Asked in order when `vendor` fails. */
  readonly fallbacks?: readonly ModelVendor[]
  readonly plugins?: readonly Plugin[]
  readonly settings?: Readonly<Record<string, unknown>>
  readonly templates?: Readonly<Record<string, string>>
  readonly connector?: Sender
  /** @default nothing can be fetched */
  readonly media?: MediaFetcher
  /** Of the room; a direct conversation of our own client by default. */
  readonly room?: Partial<Room>
  /** Milliseconds since the epoch. @default the machine's clock */
  readonly now?: () => number
}

export interface AcceptOptions {
  readonly content?: Partial<Content>
  readonly participation?: 'FOLLOWED' | 'MUTED'
  /** @default five minutes from now */
  readonly deadlineAt?: number
  /** @default 3000 */
  readonly heartbeatTimeoutMs?: number
}

/** One agent and one room in memory: the ports, and what they were told. */
export interface FakePorts extends Ports {
  readonly agent: Agent
  readonly rows: Rows
  readonly events: StreamEvent[]
  /** What was logged: the message, and what the error says. */
  readonly warnings: { readonly message: string; readonly error: string }[]
  readonly started: HeadTurn[]
  /** A person says something in the room. */
  accept(text: string, options?: AcceptOptions): TurnInput
  turn(ref: TurnRef): TurnRow
  step(ref: TurnRef, step: string): StepRow | undefined
}

export const AGENT_ID = '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'
export const PERSON_ID = '00000000-0000-0000-0000-00000000000a'

/** Ports that keep the rules of the real ones for one room, without a database. */
export function fakePorts(options: FakePortsOptions): FakePorts {
  const rows = emptyRows()
  const room = roomOf(options)
  const agent = agentOf(options)
  const events: StreamEvent[] = []
  const warnings: FakePorts['warnings'] = []
  const started: HeadTurn[] = []
  const { now = Date.now } = options
  return {
    agent,
    rows,
    events,
    warnings,
    started,
    accept: (text, accepted = {}) => accept(rows, { room, now: now() }, { text, ...accepted }),
    turn(ref) {
      const row = rowOf(rows, ref)
      if (!row) throw new NotFoundError('turn', ref.turnId)
      return row
    },
    step: ({ turnId, gen }, step) => rows.steps.get(`${turnId}:${gen}:${step}`),
    agents: { get: async () => agent },
    turns: fakeTurns(rows, now),
    journal: fakeJournal(rows),
    ledger: fakeLedger(rows),
    prompts: fakePrompts(rows),
    memories: fakeMemories(rows),
    records: createMemoryRecords(),
    approvals: fakeApprovals(rows),
    outbox: fakeOutbox(rows),
    connectors: {
      for: (source) => (options.connector?.source === source ? options.connector : undefined),
    },
    models: routerOf(options.vendor, ...(options.fallbacks ?? [])),
    ...openLimits,
    budgets: [],
    media: options.media ?? {
      fetch: async () => Promise.reject(new MediaError('there is no network')),
    },
    stream: { publish: (_turnId, event) => void events.push(event) },
    log: {
      warn: (_turn, message, error) =>
        void warnings.push({ message, error: error instanceof Error ? error.message : '' }),
    },
    startHead: async (head) => void started.push(head),
  }
}

function agentOf({ plugins = [], settings = {}, templates = {} }: FakePortsOptions): Agent {
  const character = { name: 'Ada', bio: 'A companion.', templates: { ...templates } }
  return buildAgent(AGENT_ID, character, settings, plugins)
}

const roomOf = ({ room }: FakePortsOptions): Room => ({
  id: randomUUID(),
  agentId: AGENT_ID,
  worldId: randomUUID(),
  channelId: randomUUID(),
  source: 'client_chat',
  type: 'DM',
  ...room,
})

function accept(
  { turns, memories }: Rows,
  { room, now }: { room: Room; now: number },
  accepted: AcceptOptions & { text: string },
): TurnInput {
  const { text, content, participation = null, heartbeatTimeoutMs = 3_000 } = accepted
  const message = {
    id: randomUUID(),
    entityId: PERSON_ID,
    agentId: AGENT_ID,
    roomId: room.id,
    content: { text, ...content },
    metadata: { type: 'message' },
    createdAt: now,
  }
  const turnId = randomUUID()
  const loaded = {
    turnId,
    gen: 1,
    seq: turns.size + 1,
    agentId: AGENT_ID,
    agentVersion: 1,
    channelId: room.channelId,
    messageId: message.id,
    deadlineAt: accepted.deadlineAt ?? now + 300_000,
    room,
    message,
    participation,
    mergedCount: 0,
    mergedMemoryIds: [],
    rounds: 1,
  }
  memories.push(message)
  turns.set(turnId, { loaded, state: 'queued', code: null, error: null, reply: null })
  return { ...headOf(loaded), heartbeatTimeoutMs }
}

const headOf = ({ turnId, gen, agentId, room, deadlineAt }: TurnRow['loaded']): HeadTurn => ({
  turnId,
  gen,
  agentId,
  roomId: room.id,
  deadlineAt,
})

function fakeTurns(rows: Rows, now: () => number): TurnStore {
  return {
    async admit(step) {
      const row = rows.turns.get(step.turnId)
      if (!row) return { kind: 'refused', state: 'cancelled' }
      const isMine = row.loaded.gen === step.gen
      if (isMine && row.state === 'queued') {
        if (row.loaded.deadlineAt <= now()) return { kind: 'expired' }
        Object.assign(row, { state: 'running', runId: step.runId })
      }
      const isRunning = isMine && row.state === 'running' && row.runId === step.runId
      return isRunning
        ? { kind: 'admitted', turn: row.loaded }
        : { kind: 'refused', state: row.state }
    },
    load: async (ref) => rowOf(rows, ref)?.loaded,
    steer: async () => [],
    async settle(input) {
      const row = rows.turns.get(input.turnId)
      if (!row) return undefined
      const isFirst = row.loaded.gen === input.gen && isActive(row)
      if (isFirst) end(rows, row, input)
      const others = [...rows.turns.values()].filter(isActive)
      const [first] = others.sort((a, b) => a.loaded.seq - b.loaded.seq)
      return {
        state: row.state,
        isFirst,
        seq: row.loaded.seq,
        hasOutbox: rows.outbox.some(({ state }) => state === 'pending'),
        evaluatorRuns: Object.fromEntries(rows.evaluatorRuns),
        head: first?.state === 'queued' ? headOf(first.loaded) : undefined,
      }
    },
  }
}

function end(rows: Rows, row: TurnRow, { turnId, gen, ...input }: SettleInput): void {
  const { state, code } = input
  const reply = state === 'cancelled' ? null : input.reply // kept only where a request says so
  const noted = [...rows.steps].findLast(
    ([key, { error }]) => key.startsWith(`${turnId}:${gen}:`) && error !== undefined,
  )
  const error = input.error ?? (code === null ? null : (noted?.[1].error ?? null))
  Object.assign(row, { state, code, reply, error })
  if (!reply?.outboxSource) return
  const { messageId: id, content, outboxSource: source } = reply
  rows.outbox.push(outboxEntry(row.loaded, { id, source, content }))
}

const fakePrompts = ({ prompts, ...rows }: Rows): Ports['prompts'] => ({
  read: async ({ turnId, gen }, step) => prompts.get(`${turnId}:${gen}:${step}`),
  async write(attempt, step, prompt, writes) {
    const key = `${attempt.turnId}:${attempt.gen}:${step}`
    const turn = rows.turns.get(attempt.turnId)
    if (!prompts.has(key)) {
      if (turn?.state !== 'running' || turn.runId !== attempt.runId) throw new FencedError(step)
      prompts.set(key, prompt)
      if (writes) rows.commits.push({ step: step.replace('decide', 'composeState'), ...writes })
    }
    return prompts.get(key) ?? prompt
  },
})

const fakeMemories = ({ memories }: Rows): Ports['memories'] => ({
  recent: async ({ type, count, upTo }) =>
    type === 'messages' ? memories.filter(({ createdAt }) => createdAt <= upTo).slice(-count) : [],
  entities: async () => [
    { id: PERSON_ID, names: ['Sam'], metadata: {} },
    { id: AGENT_ID, names: ['Ada'], metadata: {} },
  ],
})
