import { randomUUID } from 'node:crypto'
import {
  ConflictError,
  IdempotencyError,
  InvalidRequestError,
  NotFoundError,
} from '../../agent/errors.ts'
import type {
  AcceptedMessage,
  AgentDetails,
  AgentsPort,
  ApiDeps,
  ApiSettings,
  Channel,
  ChannelsPort,
  MessagesPort,
  NewMessage,
  StoredMessage,
} from '../../api/deps.ts'
import type { TurnsPort, TurnTrace } from '../../api/turns-port.ts'
import { agentIdOf, type Character, parseCharacter } from '../../schema/character.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import { isTerminal } from '../../schema/turn.ts'
import { createInProcessStream, type InProcessStream } from '../../streams/in-process.ts'
import { fakeApprovalsPort } from './fake-approvals-port.ts'
import { fakeAudio } from './fake-audio.ts'
import { fakeDeadLetters } from './fake-dead-letters.ts'
import { fakeForks } from './fake-forks.ts'
import { fakeModels } from './fake-models.ts'
import { fakeSpending } from './fake-spending.ts'
import { fakeTasksPort } from './fake-tasks-port.ts'

interface Rows {
  readonly agents: Map<string, AgentDetails>
  readonly channels: Map<string, Channel & { readonly members: string[] }>
  readonly messages: AcceptedMessage[]
  readonly turns: Map<string, TurnTrace>
}

export interface FakeApi {
  readonly deps: ApiDeps
  readonly stream: InProcessStream
  /** What was logged as unexpected. */
  readonly logged: Readonly<Record<string, unknown>>[]
  /** What the API passed on, in order. */
  readonly accepted: NewMessage[]
  /** Called with every new turn and the text it answers; set it to let turns answer at once. */
  onTurn: (turn: TurnTrace, content: string) => void
  /** Publishes a piece of the reply. */
  say(turnId: string, text: string, at: { gen?: number; attempt?: number; seq: number }): void
  /** Ends a turn in its row; `isHeard: false` loses the event of it. */
  settle(turnId: string, ending: Partial<TurnTrace>, isHeard?: boolean): void
  /** Takes a turn up again, as the sweeper or an operator does: its reply gets another id. */
  takeUp(turnId: string, gen: number): void
}

/** Everything the API needs, in memory, with the real stream of one process. */
export function createFakeApi(settings: Partial<ApiSettings> = {}, more: Partial<ApiDeps> = {}) {
  const rows: Rows = { agents: new Map(), channels: new Map(), messages: [], turns: new Map() }
  const stream = createInProcessStream()
  const logged: Readonly<Record<string, unknown>>[] = []
  const accepted: NewMessage[] = []
  const deps: ApiDeps = {
    settings: {
      version: '1.2.3',
      allowedHosts: [],
      boundHost: '127.0.0.1',
      maxBodyBytes: 2 ** 21,
      httpWaitMs: 5_000,
      ...settings,
    },
    agents: fakeAgents(rows),
    channels: fakeChannels(rows),
    messages: fakeMessages(rows, accepted, (turn, content) => fake.onTurn(turn, content)),
    turns: fakeTurns(rows, (turnId, ending) => fake.settle(turnId, ending)),
    approvals: fakeApprovalsPort(),
    forks: fakeForks(rows),
    models: fakeModels(),
    audio: fakeAudio(),
    spending: fakeSpending(rows),
    tasks: fakeTasksPort(rows),
    deadLetters: fakeDeadLetters(rows),
    stream,
    status: {
      readiness: async () => ({ ready: true, checks: [{ name: 'postgres', ok: true }] }),
      model: async () => ({ vendor: 'eliza', model: 'eliza', isBuiltIn: true, fallbacks: [] }),
    },
    log: { error: (fields) => logged.push(fields) },
    ...more,
  }
  const fake: FakeApi = {
    deps,
    stream,
    logged,
    accepted,
    onTurn: () => undefined,
    say: (turnId, text, { gen = 1, attempt = 1, seq }) =>
      stream.publish(turnId, { kind: 'chunk', gen, attempt, seq, text }),
    takeUp: (turnId, gen) => {
      const turn = found(rows.turns, 'turn', turnId)
      rows.turns.set(turnId, { ...turn, gen, replyId: randomUUID() })
    },
    settle: (turnId, ending, isHeard = true) => {
      const turn = found(rows.turns, 'turn', turnId)
      if (isTerminal(turn.state)) return
      const settled = { ...turn, state: 'replied' as const, ...ending }
      rows.turns.set(turnId, settled)
      if (!isHeard) return
      const { gen, state } = settled
      stream.publish(turnId, { kind: 'settled', gen, attempt: 1, seq: 0, state })
    },
  }
  return fake
}

function fakeAgents({ agents }: Rows): AgentsPort {
  const store = (character: Character, status: AgentDetails['status']): AgentDetails => {
    const { name } = character
    const bio = [character.bio].flat()[0] ?? ''
    const id = agentIdOf(character)
    const agent = { id, name, bio, status, character, createdAt: 1, updatedAt: 2 }
    agents.set(id, agent)
    return agent
  }
  return {
    list: async () => [...agents.values()],
    get: async (id) => found(agents, 'agent', id),
    create: async (character) => {
      if (agents.has(agentIdOf(character))) throw new ConflictError('The id is taken.')
      return store(character, 'inactive')
    },
    update: async (id, patch) => {
      const { character, status } = found(agents, 'agent', id)
      return store(parseCharacter({ ...character, ...patch }, 'the patched character'), status)
    },
    start: async (id) => store(found(agents, 'agent', id).character, 'active'),
    setRoomOverlap: async (agentId, id, overlap) => {
      found(agents, 'agent', agentId)
      return { id, agentId, channelId: id, overlap }
    },
    stop: async (id) => {
      store(found(agents, 'agent', id).character, 'inactive')
    },
    delete: async (id) => {
      found(agents, 'agent', id)
      return agents.delete(id)
    },
  }
}

function fakeChannels({ agents, channels }: Rows): ChannelsPort {
  return {
    create: async ({ id = randomUUID(), participants, ...rest }) => {
      const channel = { id, ...rest, createdAt: 1, updatedAt: 2, members: [...participants] }
      channels.set(id, channel)
      return channel
    },
    get: async (id) => found(channels, 'channel', id),
    update: async (id, { name, metadata }) => {
      const channel = found(channels, 'channel', id)
      const merged = { ...channel.metadata, ...metadata }
      const updated = { ...channel, name: name ?? channel.name, metadata: merged }
      channels.set(id, updated)
      return updated
    },
    participants: async (id) => channels.get(id)?.members ?? [],
    addAgent: async (channelId, agentId) => {
      const { members } = found(channels, 'channel', channelId)
      members.push(found(agents, 'agent', agentId).id)
    },
    removeAgent: async (channelId, agentId) => {
      const { members } = found(channels, 'channel', channelId)
      if (!members.includes(agentId)) throw new NotFoundError('participant', agentId)
      members.splice(members.indexOf(agentId), 1)
    },
  }
}

function fakeMessages(rows: Rows, accepted: NewMessage[], onTurn: FakeApi['onTurn']): MessagesPort {
  return {
    accept: async (message) => {
      const repeated = rows.messages.find(
        (known) => message.externalId && known.message.sourceId === message.externalId,
      )
      if (repeated) {
        if (repeated.message.content !== message.content) {
          throw new IdempotencyError(message.externalId ?? '')
        }
        return { ...repeated, isRepeat: true }
      }
      const members = rows.channels.get(message.channelId)?.members ?? []
      const heard = members.filter((id) => rows.agents.has(id))
      const agentIds = heard.length > 0 ? heard : [...rows.agents.keys()].slice(0, 1)
      if (agentIds.length === 0) {
        throw new InvalidRequestError('No agent found in channel participants')
      }
      accepted.push(message)
      const stored = toStored(message)
      const turns = agentIds.map((agentId) => toTurn(stored, agentId))
      for (const turn of turns) rows.turns.set(turn.turnId, turn)
      const answer = { message: stored, turns, isRepeat: false }
      rows.messages.push(answer)
      for (const turn of turns) onTurn(turn, message.content)
      return answer
    },
    list: async (channelId, { limit }) => {
      const known = rows.messages.filter(({ message }) => message.channelId === channelId)
      if (known.length === 0) throw new NotFoundError('channel', channelId)
      return known
        .map(({ message }) => message)
        .slice(-limit)
        .reverse()
    },
  }
}

function fakeTurns({ turns, agents }: Rows, settle: FakeApi['settle']): TurnsPort {
  return {
    trace: async (id) => found(turns, 'turn', id),
    result: async (id) => found(turns, 'turn', id),
    list: async (agentId, { limit, state }) => {
      found(agents, 'agent', agentId)
      const all = [...turns.values()].filter((turn) => turn.agentId === agentId)
      return all.filter((turn) => !state || turn.state === state).slice(0, limit)
    },
    cancel: async (id) => {
      settle(id, { state: 'cancelled', code: 'cancelled_by_user' })
      return found(turns, 'turn', id)
    },
    history: async (id) => ({ events: [{ eventId: found(turns, 'turn', id).seq }] }),
  }
}

function toStored(message: NewMessage): StoredMessage {
  return {
    id: randomUUID(),
    channelId: message.channelId,
    messageServerId: message.messageServerId ?? DEFAULT_MESSAGE_SERVER_ID,
    authorId: message.authorId,
    content: message.content,
    sourceType: message.sourceType,
    sourceId: message.externalId ?? null,
    inReplyTo: message.inReplyTo ?? null,
    rawMessage: message.rawMessage,
    metadata: message.metadata,
    turnId: null,
    createdAt: Date.now(),
  }
}

function toTurn({ id, channelId, createdAt }: StoredMessage, agentId: string): TurnTrace {
  const turnId = randomUUID()
  return {
    turnId,
    agentId,
    state: 'queued',
    code: null,
    replyId: randomUUID(),
    reply: null,
    answeredBy: null,
    gen: 1,
    roomId: randomUUID(),
    channelId,
    messageId: id,
    seq: 1,
    policy: 'enqueue',
    error: null,
    acceptedAt: createdAt,
    startedAt: null,
    settledAt: null,
    deadlineAt: createdAt + 300_000,
    cancelRequestedAt: null,
    steps: [],
    prompts: [],
    modelCalls: [],
    cost: null,
    workflowId: `turn:${turnId}:1`,
    temporalUrl: null,
  }
}

function found<Row>(rows: ReadonlyMap<string, Row>, kind: string, id: string): Row {
  const row = rows.get(id)
  if (!row) throw new NotFoundError(kind, id)
  return row
}
