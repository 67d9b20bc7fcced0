import type { ElizaPlugin } from '../contract.ts'
import { isMembered, isStandardSchema } from '../define/standard-schema.ts'
import { PluginError } from '../plugin-error.ts'
import { isClass } from './plugin-shape.ts'

interface ListRule {
  /** What one of the list is called. */
  readonly one: string
  /** What must hold for each, and what to do about it. Undefined: it does. */
  readonly fault: (member: Readonly<Record<string, unknown>>) => string | undefined
  /** No two of one name. */
  readonly isNamed?: boolean
}

const hasFunction = (name: string) => (member: Readonly<Record<string, unknown>>) =>
  typeof member[name] === 'function' ? undefined : `has no ${name}: give it a function`

const ROUTE_TYPES: readonly unknown[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'STATIC']

const LISTS: Readonly<Partial<Record<keyof ElizaPlugin, ListRule>>> = {
  actions: { one: 'action', fault: hasFunction('handler'), isNamed: true },
  providers: { one: 'provider', fault: hasFunction('get'), isNamed: true },
  evaluators: { one: 'evaluator', fault: hasFunction('handler'), isNamed: true },
  services: {
    one: 'service',
    fault: (service) =>
      isClass(service) ? undefined : 'is no class: give the class itself, not an instance of it',
  },
  routes: { one: 'route', fault: routeFault },
  componentTypes: { one: 'component type', fault: componentFault, isNamed: true },
}

/**
 * The plugin, when its members can be used: a whole plugin is refused for one that cannot, as it would
 * otherwise do half of what it says.
 * @throws {PluginError} names the member
 */
export function checkPlugin(plugin: unknown): ElizaPlugin {
  const { name } = plugin as ElizaPlugin // `shapeOf` saw its name
  const members = plugin as Readonly<Record<string, unknown>>
  for (const [list, rule] of Object.entries(LISTS)) checkList(name, list, members[list], rule)
  checkModels(name, members.models)
  checkEvents(name, members.events)
  for (const list of ['dependencies', 'testDependencies']) checkTexts(name, list, members[list])
  if (members.init !== undefined && typeof members.init !== 'function') {
    throw refused(name, 'has an `init` that is no function')
  }
  if (members.priority !== undefined && !Number.isFinite(members.priority)) {
    throw refused(name, `has the priority '${members.priority}', which is no number`)
  }
  return plugin as ElizaPlugin // all that is used of it was looked at
}

function checkList(plugin: string, list: string, given: unknown, rule: ListRule): void {
  if (given === undefined || given === null) return
  if (!Array.isArray(given)) {
    throw refused(plugin, `has \`${list}\` that are no list: write ${list}: [ … ]`)
  }
  const names = new Set<string>()
  for (const [index, member] of given.entries()) {
    const label = labelOf(rule.one, index, member)
    if (!isMembered(member)) throw refused(plugin, `has a ${label} that is ${String(member)}`)
    if (rule.isNamed) checkName(plugin, label, member, names)
    const fault = rule.fault(member)
    if (fault !== undefined) throw refused(plugin, `has a problem: its ${label} ${fault}`)
  }
}

function labelOf(one: string, index: number, member: unknown): string {
  const name = isMembered(member) ? (member.name ?? member.path) : undefined
  return typeof name === 'string' && name !== '' ? `${one} '${name}'` : `${one} number ${index + 1}`
}

function checkName(
  plugin: string,
  label: string,
  { name }: Readonly<Record<string, unknown>>,
  names: Set<string>,
): void {
  if (typeof name !== 'string' || name.trim() === '') {
    throw refused(plugin, `has a problem: its ${label} has no name: give it one`)
  }
  if (names.has(name)) {
    throw refused(plugin, `has the ${label} twice: give one of them another name`)
  }
  names.add(name)
}

function routeFault(route: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof route.path !== 'string') return 'has no path'
  if (!ROUTE_TYPES.includes(route.type)) {
    return `has the type '${String(route.type)}', which is none of ${ROUTE_TYPES.join(', ')}`
  }
  if (route.type === 'STATIC') {
    return typeof route.filePath === 'string' ? undefined : 'is STATIC and has no filePath'
  }
  return hasFunction('handler')(route)
}

function componentFault({ schema, validator }: Readonly<Record<string, unknown>>) {
  if (validator !== undefined && typeof validator !== 'function') {
    return 'has a validator that is no function'
  }
  const claims = isMembered(schema) && '~standard' in schema
  return claims && !isStandardSchema(schema) ? 'has a schema that cannot validate' : undefined
}

function checkModels(plugin: string, models: unknown): void {
  if (models === undefined || models === null) return
  if (!isMembered(models) || Array.isArray(models)) {
    throw refused(plugin, 'has `models` that are no object: write models: { TEXT_SMALL: … }')
  }
  // Packages list what they do not offer here as undefined.
  const wrong = Object.entries(models).find(
    ([, handler]) => handler !== undefined && typeof handler !== 'function',
  )
  if (wrong) throw refused(plugin, `has a problem: its model '${wrong[0]}' is no function`)
}

function checkEvents(plugin: string, events: unknown): void {
  if (events === undefined || events === null) return
  if (!isMembered(events) || Array.isArray(events)) {
    throw refused(plugin, 'has `events` that are no object: write events: { RUN_STARTED: [ … ] }')
  }
  for (const [name, handlers] of Object.entries(events)) {
    const isList = Array.isArray(handlers) && handlers.every((each) => typeof each === 'function')
    if (handlers === undefined || isList) continue
    throw refused(plugin, `has a problem: its event '${name}' has no list of functions`)
  }
}

function checkTexts(plugin: string, list: string, given: unknown): void {
  if (given === undefined || given === null) return
  if (Array.isArray(given) && given.every((name) => typeof name === 'string')) return
  throw refused(plugin, `has \`${list}\` that are no list of names`)
}

const refused = (plugin: string, what: string): PluginError =>
  new PluginError(plugin, `The plugin '${plugin}' ${what}.`)
