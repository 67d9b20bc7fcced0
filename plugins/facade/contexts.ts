import type { TurnContext, WorkContext } from '../../agent/context.ts'
import type { Memory } from '../../agent/memory.ts'
import type { ModelPurpose } from '../../agent/models.ts'
import type { State } from '../../agent/provider.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { Json } from '../../schema/json.ts'
import type { ElizaMemory, ElizaState } from '../contract.ts'
import type { Access } from './access.ts'
import { toContent, toJson, toObject } from './json.ts'
import { placeOf } from './place.ts'

/** The step's own context when the message is of its room; otherwise one outside of turns. */
export async function contextFor(
  { host, agentId, guard }: Access,
  message: ElizaMemory,
): Promise<TurnContext | WorkContext> {
  const place = placeOf(agentId)
  guard?.room(message.roomId)
  if (place.kind !== 'turn' || place.turn.context.room.id !== message.roomId) {
    return host.contextFor(message)
  }
  const { context } = place.turn
  const isAbout = message.id === undefined || message.id === context.message.id
  return isAbout ? context : { ...context, message: memoryOf(message, context.message) }
}

function memoryOf(message: ElizaMemory, standing: Memory): Memory {
  const { id = standing.id, entityId, roomId, worldId = standing.worldId } = message
  return {
    ...{ id, entityId, roomId, ...(worldId && { worldId }), agentId: standing.agentId },
    content: toContent(message.content, 'the content of a message'),
    metadata: toObject(message.metadata, 'the metadata of a message') ?? {},
    createdAt: message.createdAt ?? standing.createdAt,
  }
}

export interface Work {
  readonly context: WorkContext
  /** What was written outside of a step is committed. */
  flush(): Promise<void>
}

/** A context that takes writes, as `contextFor`. What is said reaches nobody by itself. */
export async function workFor(access: Access, message: ElizaMemory): Promise<Work> {
  const context = await contextFor(access, message)
  return 'write' in context
    ? { context, flush: async () => undefined }
    : workOutside(access, context)
}

function workOutside(access: Access, context: TurnContext): Work {
  const { room } = context
  const written: RecordWrite[] = []
  let committed = 0
  const write = (next: RecordWrite) => void written.push(next)
  return {
    context: {
      ...context,
      ...modelsOutside(access),
      ...{ written, write, say: () => undefined },
      remember(memory) {
        const id = access.nextId('memory')
        const place = { roomId: room.id, worldId: room.worldId }
        write({ kind: 'memory.create', memory: { ...memory, ...place, id } })
      },
      relate: (relationship) => write({ kind: 'relationship.put', relationship }),
    },
    async flush() {
      const pending = written.slice(committed)
      committed = written.length
      // What a plugin wrote was looked at when it wrote it.
      if (pending.length > 0) await access.writeOurs(...pending)
    },
  }
}

/** By `useModel`: the ledger has the calls, without a turn. */
function modelsOutside({ host }: Access): Pick<WorkContext, 'generate' | 'models'> {
  const use = (type: ModelPurpose, params: unknown) => host.models.use(type, params, undefined)
  return {
    generate: async (purpose, params) => String(await use(purpose, params)),
    models: {
      object: async (purpose, params): Promise<Json> =>
        toJson(await use(purpose, params), 'the answer of a model') ?? null,
      async embed(texts) {
        const vectors = await Promise.all(texts.map((text) => use('TEXT_EMBEDDING', { text })))
        return vectors.map((vector) => vector as readonly number[]) // the host has looked at it
      },
      draw: async (drawing) => (await use('IMAGE', drawing)) as readonly { url: string }[], // as above
      transcribe: async ({ audio }) => String(await use('TRANSCRIPTION', Buffer.from(audio))),
      async speak(speech) {
        const audio = await use('TEXT_TO_SPEECH', speech)
        return { audio: audio as Uint8Array, mimeType: 'audio/mpeg' } // as above
      },
    },
  }
}

/** What a plugin gave as a state: the three keys are there, whatever it left out. */
export const toState = (state: Partial<ElizaState> | null | undefined): State => ({
  values: { ...state?.values },
  data: { ...state?.data },
  text: typeof state?.text === 'string' ? state.text : '',
})
