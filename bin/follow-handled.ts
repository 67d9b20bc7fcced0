import { setTimeout as delay } from 'node:timers/promises'
import { UnavailableError } from '../agent/errors.ts'
import { wordsOf } from '../agent/words-of.ts'
import { followTurn, standingOf } from '../api/follow-turn.ts'
import type { TurnsPort } from '../api/turns-port.ts'
import type { ElizaMemory } from '../plugins/contract.ts'
import type { HandledMessage, HostMessages } from '../plugins/runtime-host.ts'
import type { TurnState } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import { messagesOfTurn } from '../turns/trace.ts'
import type { ApiParts } from './api/parts.ts'

/** How long an answered turn may go unnoticed by who brought its message. */
const LOOK_MS = 1_000

export type FollowParts = Pick<ApiParts, 'db' | 'log'> & {
  readonly turns: TurnsPort
  readonly stream: TurnStream
}

export interface HandledTurn {
  readonly turnId: string
  readonly agentId: string
  /** As the plugin names it. */
  readonly roomId: string
  readonly onReply: Parameters<HostMessages['handle']>[1]
  readonly options: NonNullable<Parameters<HostMessages['handle']>[2]>
}

/**
 * Waits until nobody works on the turn, and calls back with what it said. A turn that waits for an approval
 * would keep a plugin from the very message that gives it: it is followed on behind the caller's back.
 */
export async function followHandled(
  parts: FollowParts,
  turn: HandledTurn,
): Promise<HandledMessage> {
  const heard = new Set<string>()
  const state = await stateAtRest(parts, turn)
  const replies = await callBack(parts, turn, heard)
  if (state === 'waiting_approval' && turn.onReply) {
    followOn(parts, turn, heard).catch((error: unknown) => lost(parts, turn, error))
  }
  const last = replies.at(-1)?.content ?? null
  const hasActed = (last?.actions ?? []).some((action) => action !== 'REPLY')
  return {
    turnId: turn.turnId,
    didRespond: replies.length > 0,
    responseContent: last,
    responseMessages: replies,
    mode: last === null ? 'none' : hasActed ? 'actions' : 'simple',
  }
}

/** Undefined when the caller gave up. */
async function stateAtRest(
  parts: FollowParts,
  { turnId, options }: HandledTurn,
): Promise<TurnState | undefined> {
  const { onChunk, signal = new AbortController().signal } = options
  let state: TurnState | undefined
  for await (const item of followTurn(parts, turnId, { signal })) {
    if (item.kind === 'chunk') onChunk?.(item.text)
    if ('result' in item) state = item.result.state
  }
  return state
}

/** With what was not heard yet. @returns all that was said */
async function callBack(
  { db }: FollowParts,
  { turnId, agentId, roomId, onReply }: HandledTurn,
  heard: Set<string>,
): Promise<readonly ElizaMemory[]> {
  const said = await messagesOfTurn(db, turnId)
  const replies = said.map(({ id, content, created_at }): ElizaMemory => {
    const createdAt = created_at.getTime()
    return { id, entityId: agentId, agentId, roomId, content, createdAt }
  })
  for (const { id, content } of said) {
    if (heard.has(id)) continue
    heard.add(id)
    await onReply?.(content)
  }
  return replies
}

/** Ends at the latest with the approval's deadline: the turn goes on then, and ends. */
async function followOn(parts: FollowParts, turn: HandledTurn, heard: Set<string>): Promise<void> {
  const { signal } = turn.options
  for (;;) {
    // Nobody waits for this: a process that is about to end need not.
    await delay(LOOK_MS, undefined, { ref: false })
    if (signal?.aborted) return
    if ((await standing(parts, turn)) === 'waiting_approval') continue
    const state = await stateAtRest(parts, turn)
    await callBack(parts, turn, heard)
    if (state !== 'waiting_approval') return
  }
}

async function standing({ turns }: FollowParts, { turnId }: HandledTurn): Promise<TurnState> {
  try {
    return (await standingOf({ turns }, turnId)).state
  } catch (error) {
    if (error instanceof UnavailableError) return 'waiting_approval' // it is asked again
    throw error
  }
}

const lost = ({ log }: FollowParts, { turnId, agentId }: HandledTurn, error: unknown) =>
  log.error(
    { turnId, agentId, reason: wordsOf(error) },
    'What a turn said after an approval was not handed to the plugin that brought its message.',
  )
