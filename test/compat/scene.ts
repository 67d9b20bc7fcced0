import { randomUUID } from 'node:crypto'
import type { ElizaContent, ElizaMemory } from '../../plugins/contract.ts'
import type { Runtime } from '../../plugins/runtime.ts'
import { createUniqueUuid } from '../../schema/ids.ts'
import type { StubVendor } from './stub-vendor.ts'
import { replyXml } from './turns.ts'

/** What a probe uses of a runtime: ours and ElizaOS's have it. */
export type ProbedRuntime = Pick<
  Runtime,
  | 'agentId'
  | 'composeState'
  | 'createComponent'
  | 'createMemory'
  | 'createTask'
  | 'ensureConnection'
  | 'evaluators'
  | 'getComponents'
  | 'getMemories'
  | 'getParticipantUserState'
  | 'getTasks'
  | 'getWorld'
  | 'messageService'
  | 'registerTaskWorker'
  | 'setParticipantUserState'
  | 'updateWorld'
>

export interface Probe {
  /** `action REPLY`. */
  readonly member: string
  /** Whether the member did its work. A throw says why not. */
  run(scene: Scene): Promise<boolean>
}

/** A room that nobody has used, with one person in it. */
export interface Scene {
  readonly runtime: ProbedRuntime
  readonly stub: StubVendor
  readonly roomId: string
  readonly worldId: string
  readonly entityId: string
  readonly channelType: 'DM' | 'GROUP'
}

export const PERSON = 'Wilma'

export async function openScene(
  runtime: ProbedRuntime,
  stub: StubVendor,
  channelType: Scene['channelType'] = 'DM',
): Promise<Scene> {
  const [roomId, entityId, messageServerId] = [randomUUID(), randomUUID(), randomUUID()]
  const worldId = createUniqueUuid(runtime.agentId, messageServerId)
  await runtime.ensureConnection({
    ...{ entityId, roomId, worldId, messageServerId, channelId: roomId, type: channelType },
    ...{ source: 'direct', userName: PERSON, name: PERSON, worldName: 'The world' },
    metadata: { ownership: { ownerId: entityId }, roles: { [entityId]: 'OWNER' } },
  })
  return { runtime, stub, roomId, worldId, entityId, channelType }
}

/** A message whose turn decides for `actions`; every other question to the model is answered with `answers`. */
export async function says(
  { runtime, stub, roomId, entityId, channelType }: Scene,
  text: string,
  { actions, answers = 'yes' }: { actions: string; answers?: string | (() => string) },
): Promise<readonly ElizaContent[]> {
  let isDecided = false
  stub.answer((prompt) => {
    if (/RESPOND\s*\|\s*IGNORE|<response_format>should_respond/.test(prompt)) return undefined
    if (isDecided) return typeof answers === 'string' ? answers : answers()
    isDecided = true
    return replyXml(actions, actions.startsWith('REPLY') ? 'The words of the reply.' : '')
  })
  const replies: ElizaContent[] = []
  const message: ElizaMemory = {
    ...{ id: randomUUID(), roomId, entityId, agentId: runtime.agentId, createdAt: Date.now() },
    // A mention, so that nobody has to be asked whether to answer.
    content: { text, source: 'direct', channelType, mentionContext: { isMention: true } },
  }
  await runtime.messageService?.handleMessage(runtime as Runtime, message, async (content) => {
    replies.push(content)
    return []
  })
  return replies
}

export const stateOf = ({ runtime, roomId }: Scene) =>
  runtime.getParticipantUserState(roomId, runtime.agentId)
