import { randomUUID } from 'node:crypto'
import { agentHopsOf } from '../agent/agent-loops.ts'
import { NotFoundError } from '../agent/errors.ts'
import type {
  AcceptedTurn,
  ChannelsPort,
  MessagesPort,
  NewMessage,
  StoredMessage,
} from '../api/deps.ts'
import { followTurn } from '../api/follow-turn.ts'
import type { TurnResult, TurnsPort } from '../api/turns-port.ts'
import { currentScope } from '../plugins/scope.ts'
import { stringToUuid } from '../schema/ids.ts'
import type { Json, JsonObject } from '../schema/json.ts'
import { isResting } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import { invalidOption, OrchestratorError } from './orchestrator-error.ts'

/** ElizaOS's Memory as a program gives it: a person's words. Ids may be any text. */
export interface GivenMessage {
  /** A repeat with the same id is the same message. @default a new one */
  readonly id?: string
  readonly entityId?: string
  /** An older name of `entityId`. */
  readonly userId?: string
  /** Of a room of the agent, or of a channel; one that is unknown is made. */
  readonly roomId: string
  readonly content?: Readonly<Record<string, Json | undefined>>
  /** Short for `content.text`. */
  readonly text?: string
  readonly metadata?: JsonObject
}

export interface HandleOptions {
  /** With it `handleMessage` returns as soon as the message is stored. */
  readonly onResponse?: (content: JsonObject) => unknown
  readonly onStreamChunk?: (text: string, messageId: string) => unknown
  readonly onComplete?: () => unknown
  readonly onError?: (error: Error) => unknown
  /** Ends the waiting; the turn goes on. */
  readonly signal?: AbortSignal
}

export interface HandleResult {
  readonly messageId: string
  readonly userMessage: StoredMessage
  readonly turnId: string
  /** Absent where nobody waited for it. */
  readonly processing?: Processing
}

export interface Processing {
  readonly didRespond: boolean
  /** ElizaOS's Content of the reply, or of the apology. */
  readonly responseContent: JsonObject | null
  readonly mode: 'simple' | 'actions' | 'none'
  readonly turn: TurnResult
}

export interface HandlePorts {
  readonly messages: Pick<MessagesPort, 'accept'>
  readonly channels: Pick<ChannelsPort, 'participants' | 'addAgent'>
  readonly turns: TurnsPort
  readonly stream: TurnStream
  /** The channel of a room of the agent. */
  channelOf(agentId: string, roomId: string): Promise<string | undefined>
  /** Aborted when the system stops. */
  readonly closing: AbortSignal
}

/** Accepts the message as a turn of the agent, and waits for its end unless `onResponse` is given. */
export async function handleMessage(
  ports: HandlePorts,
  agentId: string,
  given: GivenMessage,
  options: HandleOptions = {},
): Promise<HandleResult> {
  const channelId = await channelFor(ports, agentId, given.roomId)
  await join(ports, channelId, agentId)
  const { message, turns } = await ports.messages.accept(toMessage(given, { agentId, channelId }))
  const turn = turns.find((one) => one.agentId === agentId)
  if (!turn) throw new NotFoundError('turn of the agent', agentId)
  const accepted = { messageId: message.id, userMessage: message, turnId: turn.turnId }
  if (!options.onResponse) return { ...accepted, processing: await follow(ports, turn, options) }
  void tellLater(ports, turn, options)
  return accepted
}

export async function channelFor(
  { channelOf }: Pick<HandlePorts, 'channelOf'>,
  agentId: string,
  roomId: string,
): Promise<string> {
  const id = stringToUuid(roomId).toLowerCase()
  return (await channelOf(agentId, id)) ?? id
}

/** An agent that is asked by name belongs to the channel; one that nobody knows yet is made by accept. */
async function join({ channels }: HandlePorts, channelId: string, agentId: string): Promise<void> {
  try {
    const participants = await channels.participants(channelId)
    if (!participants.includes(agentId)) await channels.addAgent(channelId, agentId)
  } catch (error) {
    if (!(error instanceof NotFoundError) || error.kind !== 'channel') throw error
  }
}

const DIRECT: readonly unknown[] = [undefined, 'DM', 'API', 'SELF', 'VOICE_DM']

function toMessage(
  given: GivenMessage,
  { agentId, channelId }: { agentId: string; channelId: string },
): NewMessage {
  const { content = {}, metadata = {} } = given
  const author = given.entityId ?? given.userId
  const text = given.text ?? content.text
  if (author === undefined) throw invalidOption('The message has no entityId: who says it?')
  if (typeof text !== 'string') throw invalidOption('The message has no text.')
  const { attachments } = content
  const more = { targetAgentId: agentId, ...hopsHere(), ...(attachments && { attachments }) }
  return {
    channelId,
    authorId: stringToUuid(author).toLowerCase(),
    content: text,
    sourceType: typeof content.source === 'string' ? content.source : 'client_chat',
    externalId: given.id ?? randomUUID(),
    inReplyTo: typeof content.inReplyTo === 'string' ? content.inReplyTo : undefined,
    rawMessage: {},
    metadata: { ...metadata, ...more },
    isDirect: DIRECT.includes(content.channelType),
  }
}

/** Said by a plugin within a turn: it goes on from there, whichever channel it is said in. */
function hopsHere(): JsonObject {
  const turn = currentScope()?.turn
  return turn ? { agentHops: agentHopsOf(turn.context.message.content) + 1 } : {}
}

async function follow(
  { turns, stream, closing }: HandlePorts,
  { turnId, known }: AcceptedTurn,
  { onStreamChunk, signal }: HandleOptions,
): Promise<Processing> {
  const signals = signal ? [closing, signal] : [closing]
  let result: TurnResult | undefined
  let replyId = turnId
  for await (const item of followTurn({ turns, stream }, turnId, {
    known,
    signal: AbortSignal.any(signals),
  })) {
    if (item.kind === 'known') replyId = item.result.replyId
    if (item.kind === 'chunk') await onStreamChunk?.(item.text, replyId)
    if (item.kind === 'result' || (item.kind === 'known' && isResting(item.result.state))) {
      result = item.result
      break
    }
  }
  if (!result) throw notWaited(turnId)
  return processed(result)
}

const notWaited = (turnId: string) =>
  new OrchestratorError(
    'stopped',
    `Nobody waited for the end of the turn '${turnId}': the system stopped, or the signal was aborted. It goes on with the next start.`,
  )

function processed(turn: TurnResult): Processing {
  const { reply } = turn
  const actions = Array.isArray(reply?.actions) ? reply.actions : []
  const isSimple = actions.every((action) => action === 'REPLY')
  const mode = reply === null ? 'none' : isSimple ? 'simple' : 'actions'
  return { didRespond: reply !== null, responseContent: reply, mode, turn }
}

/** Whatever a callback throws ends here: nobody waits for it. */
async function tellLater(
  ports: HandlePorts,
  turn: AcceptedTurn,
  options: HandleOptions,
): Promise<void> {
  try {
    const { responseContent } = await follow(ports, turn, options)
    if (responseContent) await options.onResponse?.(responseContent)
    await options.onComplete?.()
  } catch (error) {
    const told = error instanceof Error ? error : new Error(String(error))
    await tellError(options, told)
  }
}

async function tellError({ onError }: HandleOptions, error: Error): Promise<void> {
  try {
    await onError?.(error)
  } catch {
    // The program's own handler of errors failed: there is nobody left to tell.
  }
}
