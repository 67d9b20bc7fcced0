import { type Approval, questionNote, SHORT_ID } from './approval.ts'
import { awayNote, type ChatSession, patiently } from './chat-session.ts'
import { followAnswer } from './follow-answer.ts'

/** What a turn may have said since it was asked; the rest is in the channel. */
const RECENT_MESSAGES = 50

/** A word that is meant as the beginning of an id, not of a comment. */
const NAMES_ONE = /^[0-9a-f]{8}[0-9a-f-]*$/

/**
 * `/approve` and `/deny`: answers what waits in the conversation, and shows what came of it. The first
 * word may name a question by the beginning of its id; with several it must. An id of none that waits
 * is refused: somebody answered it elsewhere, and the answer was not meant for another one.
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
  const first = words[0]?.toLowerCase() ?? ''
  const isNamed = NAMES_ONE.test(first)
  const candidates = isNamed ? waiting.filter(({ id }) => id.startsWith(first)) : waiting
  const chosen = candidates.length === 1 ? candidates[0] : undefined
  if (!chosen) return view.note(refusal(waiting, isNamed ? first : undefined))
  const comment = (isNamed ? words.slice(1) : words).join(' ')
  const decision = command === '/approve' ? 'approve' : 'deny'
  const answer = { decision, by: identity.entityId, ...(comment ? { comment } : {}) } as const
  const answered = await patiently(session, () => chat.answer(chosen.id, answer, signal))
  await showRest(session, channelId, answered)
}

function refusal(waiting: readonly Approval[], name: string | undefined): string {
  const others = choices(waiting)
  if (name === undefined) return others
  const reason = `No question '${name}' waits here: it may have been answered elsewhere.`
  return `${reason} Nothing was answered.${waiting.length === 0 ? '' : `\n${others}`}`
}

function choices(waiting: readonly Approval[]): string {
  if (waiting.length === 0) return 'Nothing waits for approval here.'
  const lines = waiting.map(({ id, question }) => `${id.slice(0, SHORT_ID)}  ${question}`)
  return [...lines, 'Name one: /approve <the first characters>.'].join('\n')
}

/**
 * The turn has no stream of its own any more: what its actions said is read back when it has ended.
 * By time, because the question itself may be too old for the page of messages.
 */
async function showRest(
  session: ChatSession,
  channelId: string,
  { turnId, answeredAt }: Approval,
): Promise<void> {
  const { api, chat, view, signal, agent } = session
  session.lastTurnId = turnId
  const onAway = (error: unknown) => view.note(awayNote(error))
  const end = await followAnswer(api, turnId, { signal, onText: () => {}, onAway })
  const history = await patiently(session, () => chat.history(channelId, RECENT_MESSAGES, signal))
  const since = answeredAt ?? 0
  const said = history.filter((one) => one.turnId === turnId && one.createdAt >= since)
  for (const { content } of said) view.said(agent?.name ?? 'Agent', content)
  if (end.kind === 'waiting') view.note(questionNote(end.approval))
  else if (said.length === 0) view.note('(done)')
}
