import { randomUUID } from 'node:crypto'
import { type ApiOptions, createApi } from './api-client.ts'
import { type ChatAgent, createChatApi } from './chat-api.ts'
import { runChatCommand } from './chat-commands.ts'
import { loadIdentity, withChannel } from './chat-identity.ts'
import { type ChatSession, chooseAgent, patiently, remember } from './chat-session.ts'
import { joinTurn, sendPending } from './chat-turn.ts'
import type { CommandIo } from './command.ts'
import { openPipe } from './pipe-view.ts'
import { openTerminal } from './terminal-view.ts'

export interface ChatOptions extends ApiOptions {
  /** Where the ids of the person and the conversations live, in `chat.json`. */
  readonly dataDir: string
  /** Name or id. Absent: the agent talked to last, else the first. */
  readonly agentName?: string
  readonly io: CommandIo
  /** Ends the chat. */
  readonly signal: AbortSignal
  /** Shown first. */
  readonly banner?: string
}

/** Messages shown when a conversation is reopened. */
const HISTORY_COUNT = 10

/**
 * A conversation with an agent, through the API alone. A conversation that was cut off is taken up
 * again: a message that may not have arrived is sent under its old key, and the answer that was being
 * written is shown once. Resolves when the person leaves; a turn that runs by then goes on.
 *
 * @throws {ApiRefusedError} the API does not let us in. @throws {NoAgentError}
 */
export async function runChat(options: ChatOptions): Promise<void> {
  const { io, signal, banner } = options
  const identity = loadIdentity(options.dataDir)
  const view = io.isTerminal ? openTerminal(io) : openPipe(io)
  const leaving = new AbortController()
  const leave = () => leaving.abort(new Error('The person left the chat.'))
  const api = createApi(options)
  const session: ChatSession = {
    api,
    chat: createChatApi(api),
    view,
    dataDir: options.dataDir,
    hasColor: io.hasColor,
    leave,
    signal: AbortSignal.any([signal, leaving.signal]),
    identity,
  }
  session.signal.addEventListener('abort', () => view.close(), { once: true })
  view.onInterrupt(() => interrupt(session))
  view.onEscape(() => session.cancelRunning?.())
  try {
    if (banner) view.note(banner)
    await converse(session, options.agentName)
  } catch (error) {
    if (!session.signal.aborted) throw error
  } finally {
    view.close()
  }
}

async function converse(session: ChatSession, agentName: string | undefined): Promise<void> {
  const { view } = session
  await open(session, await patiently(session, () => chooseAgent(session, agentName)))
  for (;;) {
    const line = await view.read()
    if (line === undefined || session.signal.aborted) return
    if (line.trim() === '') continue
    const chosen = line.startsWith('/')
      ? await runChatCommand(session, line)
      : await say(session, line)
    if (chosen) await open(session, chosen)
  }
}

/** Greets, shows what was said, and finishes what was cut off. */
async function open(session: ChatSession, agent: ChatAgent): Promise<void> {
  const { chat, view, signal } = session
  session.agent = agent
  const { model } = await patiently(session, () => chat.status(signal))
  view.note(`You are talking to ${agent.name}. /help shows what you can do here.`)
  if (model.isBuiltIn) {
    view.note(
      'No model is configured: the built-in rule-based ELIZA answers, not a language model.',
    )
  }
  await sendPending(session)
  const identity = remember(session, withChannel(session.identity, agent.id))
  const channelId = identity.channels[agent.id] ?? ''
  // Before the history: a turn that ends between the two is then in it, and is not joined.
  const unfinished = await patiently(session, () => chat.unfinished(agent.id, channelId, signal))
  const history = await patiently(session, () => chat.history(channelId, HISTORY_COUNT, signal))
  for (const { authorId, content } of history) {
    view.said(authorId === identity.entityId ? 'You' : agent.name, content)
  }
  const answered = new Set(history.map((message) => message.turnId))
  for (const turnId of unfinished) {
    if (!answered.has(turnId)) await joinTurn(session, agent, turnId)
  }
}

async function say(session: ChatSession, line: string): Promise<undefined> {
  const { agent } = session
  if (!agent) return
  const pending = { key: randomUUID(), agentId: agent.id, text: line }
  remember(session, { ...session.identity, pending })
  let isUnwanted = false
  session.cancelRunning = () => {
    isUnwanted = true
  }
  const turnId = await sendPending(session)
  session.cancelRunning = undefined
  if (turnId) await joinTurn(session, agent, turnId, { isUnwanted })
}

function interrupt({ view, agent, cancelRunning, leave }: ChatSession): void {
  const unfinished = `${agent?.name ?? 'The agent'} is in the middle of an answer, which is finished now or at the next start. `
  view.close(`Closing. ${cancelRunning ? unfinished : ''}Ctrl-C again ends at once.`)
  leave()
}
