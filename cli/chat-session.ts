import { setTimeout as delay } from 'node:timers/promises'
import { nearest } from '../schema/nearest.ts'
import { type Api, isPassing } from './api-client.ts'
import type { ChatAgent, ChatApi } from './chat-api.ts'
import { type ChatIdentity, saveIdentity } from './chat-identity.ts'
import type { ChatView } from './chat-view.ts'
import { retryMs } from './follow-answer.ts'

/** One run of the chat. What changes while it runs is not `readonly`. */
export interface ChatSession {
  readonly api: Api
  readonly chat: ChatApi
  readonly view: ChatView
  readonly dataDir: string
  readonly hasColor: boolean
  /** Aborted when the chat is to end. */
  readonly signal: AbortSignal
  leave(): void
  identity: ChatIdentity
  agent?: ChatAgent
  lastTurnId?: string
  /** There from the sending of a message to the end of its answer. */
  cancelRunning?: () => void
}

/** Nobody is there to talk to. */
export class NoAgentError extends Error {
  override readonly name = 'NoAgentError'
}

export function remember(session: ChatSession, identity: ChatIdentity): ChatIdentity {
  session.identity = saveIdentity(session.dataDir, identity)
  return identity
}

/** Tries until the API answers, saying so once. @throws what will not pass, and the signal's reason. */
export async function patiently<Result>(
  { view, signal }: Pick<ChatSession, 'view' | 'signal'>,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await attempt()
      if (failures > 0) view.note('The API answers again.')
      return result
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error)) throw error
      if (failures === 0) view.note(awayNote(error))
    }
    await delay(retryMs(failures), undefined, { signal })
  }
}

export function awayNote(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return `${reason} Trying again until it does; nothing you wrote is lost or sent twice.`
}

/** The agent by name or id, else the one talked to last, else the first that is active. */
export async function chooseAgent(
  { chat, identity, signal }: ChatSession,
  name: string | undefined,
): Promise<ChatAgent> {
  const agents = await chat.agents(signal)
  if (name !== undefined) return agentNamed(agents, name)
  const active = agents.filter((agent) => agent.status === 'active')
  const chosen = active.find((agent) => agent.id === identity.lastAgentId) ?? active[0]
  if (!chosen)
    throw new NoAgentError('No agent is active. Start one, or add a character and restart.')
  return chosen
}

/** @throws {NoAgentError} naming the nearest. */
export function agentNamed(agents: readonly ChatAgent[], name: string): ChatAgent {
  const wanted = name.trim().toLowerCase()
  const found = agents.find((agent) => agent.id === wanted || agent.name.toLowerCase() === wanted)
  if (found) return found
  const names = agents.map((agent) => agent.name)
  const guess = nearest(wanted, names)
  throw new NoAgentError(
    `No agent is called '${name}'. ${guess ? `Did you mean '${guess}'?` : `There is ${names.join(', ') || 'none'}.`}`,
  )
}
