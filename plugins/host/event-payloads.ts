import type { LoadedTurn } from '../../agent/ports.ts'
import { stringToUuid } from '../../schema/ids.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { ElizaContent } from '../contract.ts'
import { contentOf } from './callback.ts'
import { elizaMemory, saidMemory } from './eliza-shapes.ts'
import type { Buffered } from './event-context.ts'
import type { TurnEvent } from './turn-events.ts'

/** ElizaOS's names of who tells of a turn. */
const SOURCE = 'messageHandler'

interface Telling extends TurnEvent {
  readonly work: Buffered | undefined
}

/** ElizaOS's payload of a turn's event (elizaos.md 5.4), a new one for each handler. */
export function turnPayload(turn: LoadedTurn, event: Telling): Record<string, unknown> {
  const { name } = event
  if (name === 'MESSAGE_RECEIVED' || name === 'MESSAGE_SENT') return messagePayload(turn, event)
  if (name === 'ACTION_STARTED' || name === 'ACTION_COMPLETED') return actionPayload(turn, event)
  if (name === 'MODEL_USED') return { ...structuredClone(event.payload), ...placesOf(turn) }
  if (name === 'EVALUATOR_STARTED' || name === 'EVALUATOR_COMPLETED') {
    return evaluatorPayload(turn, event)
  }
  return runPayload(turn, event)
}

const placesOf = ({ turnId, room, message }: LoadedTurn) => ({
  ...{ source: SOURCE, runId: turnId },
  ...{ roomId: room.id, messageId: message.id, entityId: message.entityId },
})

function runPayload(turn: LoadedTurn, { name, payload, startTime, now }: Telling) {
  const hasEnded = name !== 'RUN_STARTED'
  const { error } = payload
  return {
    ...placesOf(turn),
    startTime,
    status: payload.status ?? (hasEnded ? 'completed' : 'started'),
    ...(hasEnded && { endTime: now, duration: Math.max(0, now - startTime) }),
    ...(typeof error === 'string' && { error }),
  }
}

function messagePayload(turn: LoadedTurn, { name, payload, work, now }: Telling) {
  const { room, message, turnId } = turn
  const isSent = name === 'MESSAGE_SENT'
  const said = contentOf(payload.content).content
  const id = stringToUuid(`${turnId}:${turn.gen}:sent`)
  const own = isSent ? saidMemory(message, { id, content: said, at: now }) : elizaMemory(message)
  return { ...placesOf(turn), source: room.source, message: own, callback: callbackFor(turn, work) }
}

/** Says something besides what the turn itself says: it commits with the handler's writes. */
const callbackFor =
  ({ message }: LoadedTurn, work: Buffered | undefined) =>
  async (given: ElizaContent, files?: unknown) => {
    const { content } = contentOf(given, files)
    if (!work || (content.text ?? '').trim() === '') return []
    work.context.say(content)
    const ordinal = work.context.written.length
    const id = stringToUuid(`${message.id}:${work.context.step ?? ''}:${ordinal}`)
    return [saidMemory(message, { id, content, at: work.context.now })]
  }

function actionPayload(turn: LoadedTurn, { name, payload, now }: Telling) {
  const { actionName = '', ordinal = 0, success } = payload
  const hasEnded = name === 'ACTION_COMPLETED'
  const verb = hasEnded ? (success === false ? 'failed' : 'completed') : 'executing'
  const actionId = stringToUuid(`action:${turn.turnId}:${turn.gen}:${String(ordinal)}`)
  const text = hasEnded
    ? `Action ${String(actionName)} ${verb}`
    : `Executing action: ${String(actionName)}`
  const names: JsonObject = {
    actions: [actionName],
    actionStatus: verb,
    actionId,
    runId: turn.turnId,
  }
  return {
    ...placesOf(turn),
    world: turn.room.worldId,
    content: { text, ...names, type: 'agent_action', source: SOURCE, timestamp: now },
    ...(success !== undefined && { success }),
  }
}

function evaluatorPayload(turn: LoadedTurn, { name, payload, startTime }: Telling) {
  const { evaluatorName = '', error } = payload
  const evaluatorId = stringToUuid(`evaluator:${turn.agentId}:${String(evaluatorName)}`)
  const failed = typeof error === 'string' ? { error: new Error(error) } : {}
  const completed = name === 'EVALUATOR_COMPLETED' && error === undefined
  return { ...placesOf(turn), evaluatorId, evaluatorName, startTime, completed, ...failed }
}
