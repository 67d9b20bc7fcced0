import type { Described, DescribedMember, MemberCall } from './wire.ts'

type Members = Readonly<Record<string, unknown>>
type AnyFunction = (...of: readonly unknown[]) => unknown

/** The plugin that a module exports: `default`, by one of its likely names, else the first that looks so. */
export function pluginIn(module: Members, names: readonly string[]): Members {
  const candidates = [
    module.default,
    ...names.map((name) => module[name]),
    ...Object.values(module),
  ]
  const found = candidates.find(
    (each) => isMembers(each) && typeof each.name === 'string' && each.name !== '',
  )
  if (isMembers(found)) return found
  throw new Error('The module exports no plugin: an object with a name.')
}

export function describe(plugin: Members): Described {
  const { name, description, priority, dependencies, permissions, config } = plugin
  return {
    name: String(name),
    ...{ permissions, config: isMembers(config) ? config : {} },
    ...(typeof description === 'string' && { description }),
    ...(typeof priority === 'number' && { priority }),
    ...(Array.isArray(dependencies) && { dependencies }),
    hasInit: typeof plugin.init === 'function',
    actions: membersIn(plugin, 'actions').map(describeMember),
    providers: membersIn(plugin, 'providers').map(describeMember),
    evaluators: membersIn(plugin, 'evaluators').map(describeMember),
    events: isMembers(plugin.events) ? Object.keys(plugin.events) : [],
    unsupported: UNSUPPORTED.filter((member) => !isEmpty(plugin[member])),
  }
}

/** Those of them need sockets, the database or Node's own objects. */
const UNSUPPORTED = ['services', 'routes', 'models', 'schema', 'adapter', 'componentTypes'] as const

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || Object.keys(value).length === 0

function describeMember(member: Members): DescribedMember {
  const rest = Object.entries(member).filter(([, value]) => typeof value !== 'function')
  return {
    name: String(member.name),
    hasValidate: typeof member.validate === 'function',
    rest: Object.fromEntries(rest),
  }
}

const membersIn = (plugin: Members, list: string): readonly Members[] => {
  const members = plugin[list]
  return Array.isArray(members) ? members.filter(isMembers) : []
}

/** Carries out a call of the parent. @param runtime stands where ElizaOS has it */
export async function callMember(
  plugin: Members,
  { list, name, part }: MemberCall,
  of: readonly unknown[],
  runtime: Members,
): Promise<unknown> {
  if (list === 'init') return run(plugin, plugin.init, [of[0] ?? {}, runtime])
  if (list === 'events') {
    const handlers = isMembers(plugin.events) ? plugin.events[name] : []
    const payload = { ...(isMembers(of[0]) ? of[0] : {}), runtime }
    for (const handler of Array.isArray(handlers) ? handlers : [])
      await run(plugin, handler, [payload])
    return undefined
  }
  const member = membersIn(plugin, list).find((each) => each.name === name)
  if (!member) throw new Error(`The plugin has no '${name}' among its ${list}.`)
  return run(member, member[part], [runtime, ...of])
}

const run = async (owner: Members, member: unknown, of: readonly unknown[]): Promise<unknown> =>
  typeof member === 'function' ? (member as AnyFunction).apply(owner, of as unknown[]) : undefined

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null
