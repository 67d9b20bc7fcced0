import { isMembered } from '../define/standard-schema.ts'

/** Members that make an object with a name a plugin. */
const PLUGIN_MEMBERS: readonly string[] = [
  ...['init', 'services', 'providers', 'actions', 'evaluators', 'models', 'routes', 'events'],
  ...['schema', 'componentTypes', 'tests', 'adapter'],
]

/** `none`: no plugin; `described`: only name and description; `nameless`: all but a name. */
export type Shape = 'plugin' | 'described' | 'nameless' | 'none'

export function shapeOf(value: unknown): Shape {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'none'
  if (!isMembered(value)) return 'none'
  const has = (member: string) => value[member] !== undefined && value[member] !== null
  // An action, a provider or a test suite is exported beside its plugin more often than not.
  const isMember = ['handler', 'get', 'execute'].some((name) => typeof value[name] === 'function')
  if (isMember) return 'none'
  const hasName = typeof value.name === 'string' && value.name.trim() !== ''
  const hasMembers = PLUGIN_MEMBERS.filter((name) => name !== 'tests').some(has)
  if (hasMembers) return hasName ? 'plugin' : 'nameless'
  return hasName && has('description') ? 'described' : 'none'
}

/** Called without `new`: a function that makes a plugin, and no class. */
export const isFactory = (value: unknown): value is () => unknown =>
  typeof value === 'function' && value.length === 0 && !isClass(value)

/** Also of code that was compiled to functions: those of classes have methods. */
export function isClass(value: unknown): boolean {
  if (typeof value !== 'function') return false
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true
  const { prototype }: { prototype?: unknown } = value
  if (typeof prototype !== 'object' || prototype === null) return false
  const parent: unknown = Object.getPrototypeOf(prototype)
  return (
    Object.getOwnPropertyNames(prototype).length > 1 ||
    (parent !== null && Object.getPrototypeOf(parent) !== null)
  )
}
