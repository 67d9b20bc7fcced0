import { ApiRefusedError } from './api-client.ts'
import { questionNote } from './approval.ts'
import type { ChatAgent } from './chat-api.ts'
import { withChannel } from './chat-identity.ts'
import { awayNote, type ChatSession, patiently, remember } from './chat-session.ts'
import type { AnswerView } from './chat-view.ts'
import { type AnswerEnd, followAnswer } from './follow-answer.ts'

/**
 * Sends the message that waits in the data folder. It is kept there until the API has it, so a kill
 * in between sends it again under the same key. Resolves with the turn's id; undefined when there is
 * nothing to send, or the API refused it.
 */
export async function sendPending(session: ChatSession): Promise<string | undefined> {
  const { pending } = session.identity
  if (!pending) return undefined
  const { channels, entityId } = remember(session, withChannel(session.identity, pending.agentId))
  const author = { entityId, channelId: channels[pending.agentId] ?? '' }
  try {
    const { chat, signal } = session
    const turnId = await patiently(session, () => chat.send(pending, author, signal))
    session.lastTurnId = turnId
    return turnId
  } catch (error) {
    if (!(error instanceof ApiRefusedError)) throw error
    session.view.note(`Your message was not taken. ${error.message}`)
    return undefined
  } finally {
    if (!session.signal.aborted) remember(session, { ...session.identity, pending: undefined })
  }
}

interface JoinOptions {
  /** Escape was pressed before the turn's id was known: it is cancelled first. */
  readonly isUnwanted?: boolean
}

/** Shows a turn's answer as it is written, to its end. Escape cancels it. */
export async function joinTurn(
  session: ChatSession,
  agent: ChatAgent,
  turnId: string,
  { isUnwanted = false }: JoinOptions = {},
): Promise<void> {
  const { api, view, signal } = session
  let isAway = false
  session.lastTurnId = turnId
  session.cancelRunning = once(() => cancel(session, turnId))
  if (isUnwanted) session.cancelRunning()
  const answer = view.answer(agent.name)
  try {
    const end = await followAnswer(api, turnId, {
      signal,
      onText: (text) => answer.show(text),
      onAway(error) {
        if (!isAway) view.note(awayNote(error))
        isAway = true
      },
    })
    finish(session, answer, end)
  } catch (error) {
    if (!(error instanceof ApiRefusedError)) throw error
    answer.finish()
    view.note(error.message)
  } finally {
    session.cancelRunning = undefined
  }
}

function finish({ view }: ChatSession, answer: AnswerView, end: AnswerEnd): void {
  // A cancelled turn may have nothing to say: then what was shown stays.
  if (end.text !== '') answer.show(end.text)
  answer.finish()
  if (end.kind === 'done' && end.text === '') view.note('(no answer)')
  if (end.kind === 'waiting') view.note(questionNote(end.approval))
  if (end.kind !== 'failed') return
  view.note(
    end.state === 'cancelled' ? '(cancelled)' : `(${end.state}: ${end.code}; /trace tells more)`,
  )
}

function cancel({ chat, view, signal }: ChatSession, turnId: string): void {
  chat.cancel(turnId, signal).catch((error: unknown) => {
    if (signal.aborted) return
    view.note(
      `It could not be cancelled. ${error instanceof Error ? error.message : String(error)}`,
    )
  })
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    act()
  }
}
