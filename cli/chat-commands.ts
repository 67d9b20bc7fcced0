import { ApiRefusedError } from './api-client.ts'
import type { ChatAgent } from './chat-api.ts'
import { answerQuestion } from './chat-approval.ts'
import { agentNamed, type ChatSession, NoAgentError, patiently } from './chat-session.ts'
import { createPaint } from './paint.ts'
import { suggestion } from './suggestion.ts'
import { renderTrace } from './trace.ts'

const HELP = `/help          this list
/trace         what the last turn did: steps, model calls, times
/approve       let the action happen that waits; /deny <reason> refuses it
/agent         who is there; /agent <name> talks to another one
/quit          leave; the conversation is kept
Escape         cancel the answer that is being written
Ctrl-C         leave and finish what runs; twice ends at once
What you type while an answer is written is sent after it.`

/** Runs a line that begins with a slash. Resolves with the agent to talk to from now on, if it changed. */
export async function runChatCommand(
  session: ChatSession,
  line: string,
): Promise<ChatAgent | undefined> {
  const [name = '', ...rest] = line.trim().split(/\s+/)
  const argument = rest.join(' ')
  try {
    if (name === '/agent') return await changeAgent(session, argument)
    if (name === '/trace') await trace(session)
    else if (name === '/approve' || name === '/deny') await answerQuestion(session, name, rest)
    else if (name === '/help') session.view.note(HELP)
    else if (name === '/quit') session.leave()
    else session.view.note(unknown(name))
  } catch (error) {
    if (!(error instanceof NoAgentError) && !(error instanceof ApiRefusedError)) throw error
    session.view.note(error.message)
  }
  return undefined
}

const unknown = (name: string) =>
  `There is no '${name}'.${suggestion(name, ['/help', '/trace', '/approve', '/deny', '/agent', '/quit'])} /help lists what there is.`

async function changeAgent(session: ChatSession, name: string): Promise<ChatAgent | undefined> {
  const { chat, view, signal, agent: current } = session
  const agents = await patiently(session, () => chat.agents(signal))
  if (name !== '') return agentNamed(agents, name)
  for (const { id, name: each, bio, status } of agents) {
    const state = id === current?.id ? ' (here)' : status === 'active' ? '' : ' (stopped)'
    view.note(`${each}${state}  ${bio}`)
  }
  return undefined
}

async function trace(session: ChatSession): Promise<void> {
  const { chat, view, signal, lastTurnId } = session
  if (!lastTurnId) return view.note('There was no turn yet: say something first.')
  const found = await patiently(session, () => chat.trace(lastTurnId, signal))
  view.note(renderTrace(found, createPaint(false)))
}
