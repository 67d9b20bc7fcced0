import type { RecordWrite, World } from '../../agent/records.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import type { Access } from './access.ts'
import { isObject, toObject } from './json.ts'
import type { WorldMembers } from './record-members.ts'
import { worldIdOf } from './rooms.ts'
import type { ElizaWorld } from './shapes.ts'

export function worldMembers(access: Access): WorldMembers {
  return {
    async getWorld(id) {
      if (!id) return null
      const [world] = await access.records().worlds([id])
      return world ? toElizaWorld(world) : null
    },
    getAllWorlds: async () => (await access.records().worlds()).map(toElizaWorld),
    async createWorld(world) {
      const write = worldPut(access, world, { ifMissing: true })
      await access.write(write)
      return write.world.id
    },
    updateWorld: (world) => updateWorld(access, world),
    removeWorld: (id) => access.write({ kind: 'world.delete', id }),
  }
}

export function worldPut(
  access: Access,
  { id, name, messageServerId, serverId, metadata }: Partial<ElizaWorld>,
  { ifMissing }: { readonly ifMissing: boolean },
): Extract<RecordWrite, { kind: 'world.put' }> {
  const server = messageServerId || serverId
  return {
    kind: 'world.put',
    world: {
      id: id || worldIdOf(access, { messageServerId: server }),
      ...(name && { name }),
      ...(server && { messageServerId: server }),
      ...(metadata && { metadata: toObject(metadata, 'the metadata of a world') }),
    },
    ...(ifMissing && { ifMissing }),
  }
}

/**
 * Plugins read a world, change a role or a setting in it, and give all of it back. Only what differs
 * from what is stored is written, so that two turns that change different ones do not undo each other.
 */
async function updateWorld(access: Access, world: ElizaWorld): Promise<void> {
  const put = worldPut(access, world, { ifMissing: false })
  const { id, metadata, ...rest } = put.world
  const [standing] = await access.records().worlds([id])
  if (!standing || !metadata) return access.write(put)
  const isRenamed = Object.entries(rest).some(
    ([key, value]) => Reflect.get(standing, key) !== value,
  )
  const writes: RecordWrite[] = [
    ...(isRenamed ? [{ kind: 'world.put', world: { id, ...rest } } as const] : []),
    ...differences(standing.metadata, metadata).map(
      ({ path, value }) => ({ kind: 'world.set', id, path, value }) as const,
    ),
  ]
  if (writes.length > 0) await access.write(...writes)
}

interface Difference {
  readonly path: readonly string[]
  /** Undefined: it is gone. */
  readonly value: Json | undefined
}

function differences(
  before: JsonObject,
  after: JsonObject,
  path: readonly string[] = [],
): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [old, value] = [before[key], after[key]]
    if (isObject(old) && isObject(value)) return differences(old, value, [...path, key])
    const isSame = JSON.stringify(old) === JSON.stringify(value)
    return isSame ? [] : [{ path: [...path, key], value }]
  })
}

/** Under both names of its server. */
const toElizaWorld = ({ messageServerId, ...world }: World): ElizaWorld => ({
  ...world,
  metadata: structuredClone(world.metadata),
  ...(messageServerId && { messageServerId, serverId: messageServerId }),
})
