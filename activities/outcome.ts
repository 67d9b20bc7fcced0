import type { Content } from '../agent/memory.ts'
import type { Ports, Reply } from '../agent/ports.ts'
import { apologyText } from '../agent/prompts/apology.ts'
import { createUniqueUuid, replyIdOf } from '../schema/ids.ts'
import type { JsonObject } from '../schema/json.ts'
import { type Ending, isTurnCode, type TerminalState, type TurnCode } from '../schema/turn.ts'
import { decideStep } from './rounds.ts'
import type { EndingTurn } from './turn-context.ts'

type OutcomePorts = Pick<Ports, 'journal' | 'connectors'>

/** How far the stream was written; readers on other processes wait for it. */
export interface Spoken {
  readonly attempt: number
  readonly seq: number
}

/** Not known, or not what the person will read: readers wait for nothing. */
const UNKNOWN: Spoken = { attempt: 0, seq: 0 }

export interface Outcome {
  readonly state: TerminalState
  readonly code: TurnCode | null
  readonly reply: Reply | null
  readonly spoken: Spoken
}

/** What an ending means for the turn's row, and what the person hears of it. */
export async function outcomeOf(
  ports: OutcomePorts,
  opened: EndingTurn,
  ending: Ending,
): Promise<Outcome> {
  switch (ending.kind) {
    case 'ignored':
      return { state: 'ignored', code: null, reply: null, spoken: UNKNOWN }
    case 'cancelled':
      return cancelled(ports, opened)
    case 'timed_out':
      return apologised(ports, opened, { state: 'timed_out', code: 'deadline_exceeded' })
    case 'failed':
      return apologised(ports, opened, { state: 'failed', code: codeOf(ending.code) })
    case 'decided':
      return decided(ports, opened, ending.round)
  }
}

const codeOf = (code: string): TurnCode => (isTurnCode(code) ? code : 'internal')

/** What was said before the end, for the case that it is kept: that is decided under the room's lock. */
async function cancelled(ports: OutcomePorts, opened: EndingTurn): Promise<Outcome> {
  const outcome = { state: 'cancelled', code: 'cancelled_by_user', spoken: UNKNOWN } as const
  const round = await roundNow(ports, opened)
  const decision = (await ports.journal.read(opened.turn, decideStep(round))) ?? {}
  const text = replyIn(decision)
  if (text === '') return { ...outcome, reply: null }
  const content = { ...replyContent(opened), text, actions: ['REPLY'], interrupted: true }
  return { ...outcome, reply: replyOf(ports, opened, content), spoken: spokenOf(decision) }
}

/** Not as the turn was loaded: it may have been steered since, or have gone on by itself. */
async function roundNow({ journal }: OutcomePorts, { turn }: EndingTurn): Promise<number> {
  for (let round = 1; ; round += 1) {
    const decision = await journal.read(turn, decideStep(round))
    const goesOn = decision?.next !== undefined || (await journal.read(turn, `steer:${round}`))
    if (!goesOn) return round
  }
}

async function decided(ports: OutcomePorts, opened: EndingTurn, round: number): Promise<Outcome> {
  const decision = (await ports.journal.read(opened.turn, decideStep(round))) ?? {}
  const text = replyIn(decision)
  const hasActed = actionsIn(decision).length > 0
  const outcome = { code: null, spoken: spokenOf(decision) }
  if (text === '') return { ...outcome, state: hasActed ? 'replied' : 'ignored', reply: null }
  const content = { ...replyContent(opened), text, ...thoughtOf(decision), ...cutOf(decision) }
  return { ...outcome, state: 'replied', reply: replyOf(ports, opened, content) }
}

/** The reply of a round that is not the last one. */
export function saidSoFar(opened: EndingTurn, decision: JsonObject): Content | undefined {
  const text = replyIn(decision)
  if (text === '') return undefined
  return { ...replyContent(opened), text, ...thoughtOf(decision), ...cutOf(decision) }
}

const replyIn = ({ reply }: JsonObject): string => (typeof reply === 'string' ? reply : '')

const spokenOf = ({ attempt, chunks }: JsonObject): Spoken =>
  typeof attempt === 'number' && typeof chunks === 'number' ? { attempt, seq: chunks } : UNKNOWN

/** The model stopped in mid-sentence: what it said stands, and says so. */
const cutOf = ({ isComplete }: JsonObject) => (isComplete === false ? { incomplete: true } : {})

/** Also those of the rounds that led to this one. */
const actionsIn = ({ actions, ran }: JsonObject): string[] =>
  [ran, actions].flatMap((names) => (Array.isArray(names) ? names.map(String) : []))

const thoughtOf = (decision: JsonObject) => ({
  thought: typeof decision.thought === 'string' ? decision.thought : '',
  actions: ['REPLY', ...actionsIn(decision)],
})

/** What the person is told when a turn ends badly: the character's template, unless it is switched off. */
function apologised(
  ports: OutcomePorts,
  opened: EndingTurn,
  { state, code }: { state: 'failed' | 'timed_out'; code: TurnCode },
): Outcome {
  // Nobody waits for a fork, and a budget may want silence.
  const isSilent = opened.turn.forkOf !== undefined || code === 'budget_stop'
  const text = isSilent ? undefined : apologyText(opened.agent, code)
  const content: Content = { ...replyContent(opened), text, actions: ['REPLY'], failed: code }
  const reply = text === undefined ? null : replyOf(ports, opened, content)
  return { state, code, reply, spoken: UNKNOWN }
}

const replyContent = ({ turn }: EndingTurn): Content => ({
  source: turn.room.source,
  channelType: turn.message.content.channelType ?? turn.room.type,
  inReplyTo: turn.message.id,
})

function replyOf({ connectors }: OutcomePorts, { turn }: EndingTurn, content: Content): Reply {
  const messageId = replyIdOf(turn)
  return {
    messageId,
    memoryId: createUniqueUuid(turn.agentId, messageId),
    content,
    outboxSource: connectors.for(turn.room.source) ? turn.room.source : null,
  }
}
