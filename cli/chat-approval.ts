import { type Approval, questionNote, SHORT_ID } from './approval.ts'
import { awayNote, type ChatSession, patiently } from './chat-session.ts'
import { followAnswer } from './follow-answer.ts'

/** What a turn may have said since it was asked; the rest is in the channel. */
const RECENT_MESSAGES = 50

/**
 * `/approve` and `/deny`: answers what waits in the conversation, and shows what came of it. With
 * several questions the first word names one by the beginning of its id.
 */
export async function answerQuestion(
  session: ChatSession,
  command: '/approve' | '/deny',
  words: readonly string[],
): Promise<void> {
  const { chat, view, signal, agent, identity } = session
  const channelId = agent && identity.channels[agent.id]
  if (!agent || channelId === undefined) return view.note('There is no conversation yet.')
  const waiting = await patiently(session, () => chat.waiting(agent.id, channelId, signal))
  const [first = ''] = words
  const named = first.length >= SHORT_ID && waiting.find(({ id }) => id.startsWith(first))
  const chosen = named || (waiting.length === 1 ? waiting[0] : undefined)
  if (!chosen) return view.note(choices(waiting))
  const comment = (named ? words.slice(1) : words).join(' ')
  const decision = command === '/approve' ? 'approve' : 'deny'
  const answer = { decision, by: identity.entityId, ...(comment ? { comment } : {}) } as const
  await patiently(session, () => chat.answer(chosen.id, answer, signal))
  await showRest(session, channelId, chosen)
}

function choices(waiting: readonly Approval[]): string {
  if (waiting.length === 0) return 'Nothing waits for approval here.'
  const lines = waiting.map(({ id, question }) => `${id.slice(0, SHORT_ID)}  ${question}`)
  return [...lines, 'Name one: /approve <the first characters>.'].join('\n')
}

/** The turn has no stream of its own any more: what its actions said is read back when it has ended. */
async function showRest(
  session: ChatSession,
  channelId: string,
  { turnId, messageId }: Approval,
): Promise<void> {
  const { api, chat, view, signal, agent } = session
  session.lastTurnId = turnId
  const onAway = (error: unknown) => view.note(awayNote(error))
  const end = await followAnswer(api, turnId, { signal, onText: () => {}, onAway })
  const history = await patiently(session, () => chat.history(channelId, RECENT_MESSAGES, signal))
  const asked = history.findIndex(({ id }) => id === messageId)
  const said = history.slice(asked + 1).filter((message) => message.turnId === turnId)
  for (const { content } of said) view.said(agent?.name ?? 'Agent', content)
  if (end.kind === 'waiting') view.note(questionNote(end.approval))
  else if (said.length === 0) view.note('(done)')
}
