import type { Json, JsonObject } from '../../../schema/json.ts'
import type { MemoryReader, TurnContext } from '../../context.ts'
import type { World } from '../../records.ts'

/** ElizaOS's Role. */
export const ROLES = ['OWNER', 'ADMIN', 'NONE'] as const
export type Role = (typeof ROLES)[number]

/** One question per step, whoever asks it first: several providers and actions look at the world. */
const asked = new WeakMap<MemoryReader, Promise<World | undefined>>()

/** The room's world as the step first saw it. */
export function worldOf(context: TurnContext): Promise<World | undefined> {
  const known = asked.get(context.memories) ?? readWorld(context)
  asked.set(context.memories, known)
  return known
}

/** The room's world as it is now: before somebody's right to change it is looked at. */
export async function readWorld({ records, room }: TurnContext): Promise<World | undefined> {
  const [world] = await records.worlds([room.worldId])
  return world
}

/** By the world's roles, and whoever it belongs to is its owner whatever they say. */
export function roleIn(world: World | undefined, entityId: string): Role {
  if (ownerOf(world) === entityId) return 'OWNER'
  const written = objectAt(world?.metadata, 'roles')[entityId]
  return ROLES.find((role) => role === String(written ?? '').toUpperCase()) ?? 'NONE'
}

export const ownerOf = (world: World | undefined): string | undefined => {
  const { ownerId } = objectAt(world?.metadata, 'ownership')
  return typeof ownerId === 'string' ? ownerId : undefined
}

export const mayManage = (world: World | undefined, entityId: string): boolean =>
  roleIn(world, entityId) !== 'NONE'

/** A plugin may have put anything there: what is no object is empty. */
export function objectAt(value: Json | undefined, key: string): JsonObject {
  const inner = isObject(value) ? value[key] : undefined
  return isObject(inner) ? inner : {}
}

export const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
