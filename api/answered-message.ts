import type { z } from '@hono/zod-openapi'
import { UnavailableError } from '../agent/errors.ts'
import type { postedMessage } from '../schema/api-answers.ts'
import { isTerminal } from '../schema/turn.ts'
import type { AcceptedTurn, ApiDeps } from './deps.ts'
import { standingOf, waitForEnding } from './follow-turn.ts'
import type { TurnResult } from './turns-port.ts'
import type { toWireMessage } from './wire-message.ts'

type UserMessage = ReturnType<typeof toWireMessage>
type Answer = z.infer<typeof postedMessage>
type Known = AcceptedTurn & Partial<Pick<TurnResult, 'code' | 'reply' | 'approval'>>

/** The answer to a message whose turns may still run: what is known of them, first agent first. */
export function toAnswer(userMessage: UserMessage, turns: readonly Known[]): Answer {
  const answered = turns.map(({ turnId, agentId, state, code, reply, approval }) => ({
    id: turnId,
    agentId,
    state,
    code: code ?? undefined,
    agentResponse: reply ?? null,
    approval: approval ?? undefined,
  }))
  const [first] = answered
  if (!first) throw new Error('A message was accepted without a turn. This is a bug.')
  const { id, state, code } = first
  return { success: true, userMessage, turnId: id, turn: { id, state, code }, turns: answered }
}

/** Waits until all turns have ended, the time is up, or the client is gone. */
export async function waitForTurns(
  deps: ApiDeps,
  turns: readonly AcceptedTurn[],
  client: AbortSignal,
): Promise<{ readonly results: readonly Known[]; readonly isComplete: boolean }> {
  const { closing, settings } = deps
  const signals = [client, AbortSignal.timeout(settings.httpWaitMs), ...(closing ? [closing] : [])]
  const signal = AbortSignal.any(signals)
  const results = await Promise.all(turns.map((turn) => ending(deps, turn, signal)))
  return { results, isComplete: results.every(({ state }) => isTerminal(state)) }
}

/** How a turn ended, or how it stands now. An accepted message is never answered with a 503. */
async function ending(deps: ApiDeps, turn: AcceptedTurn, signal: AbortSignal): Promise<Known> {
  try {
    const ended = await waitForEnding(deps, turn.turnId, { known: turn.known, signal })
    return ended ?? (await standingOf(deps, turn.turnId))
  } catch (error) {
    if (error instanceof UnavailableError) return turn
    throw error
  }
}
