import { lookup } from 'node:dns/promises'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { ElizaPlugin } from '../contract.ts'
import { createLogLimit, LINE_LENGTH, type LogLimit, leftOutWords } from '../log-limit.ts'
import { hostVerdict } from '../permissions/host-verdict.ts'
import { isNamed, type Permissions } from '../permissions/permissions.ts'
import { PluginError } from '../plugin-error.ts'
import type { HostLog } from '../runtime-host.ts'
import { askedMembers } from './asked-members.ts'
import { type Asked, type CallInput, type Link, openLink } from './child-link.ts'
import { elizaPlugin } from './described-plugin.ts'
import type { Described, MemberCall } from './wire.ts'

export interface IsolatedOptions {
  /** As the character names it. */
  readonly asked: string
  /** Absolute: the package, and its module. */
  readonly folder: string
  /** What of it may be read: the package, or the module alone. @default `folder` */
  readonly readable?: string
  readonly entry: string
  readonly exportNames: readonly string[]
  readonly agentId: string
  /** Without its secrets. */
  readonly character: unknown
  /** The agent's, from which the permissions choose what `getSetting` answers. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly permissions: Permissions
  isPublicAddress(address: string): boolean
  readonly log: HostLog
  readonly limits?: Partial<IsolatedLimits>
}

export interface IsolatedLimits {
  /** Milliseconds of one call of a member. */
  readonly callMs: number
  /** Milliseconds of a start, its import included. */
  readonly openMs: number
  readonly maxHeapMb: number
  /** Milliseconds before the second start in a row; doubled each time. */
  readonly backOffMs: number
}

const LIMITS: IsolatedLimits = { callMs: 60_000, openMs: 30_000, maxHeapMb: 256, backOffMs: 500 }
const MAX_BACK_OFF_MS = 60_000

export interface IsolatedPlugin {
  readonly plugin: ElizaPlugin
  /** Its members that do not work in a process of their own, by kind. */
  readonly unsupported: readonly string[]
  /** For operators and tests. Undefined while none runs. */
  end(): Promise<void>
}

/**
 * A plugin in a process of its own, which is started anew at the next call after it has ended; it then
 * has forgotten what it held. Two ends in a row are followed by a pause, which calls fail in at once.
 *
 * @throws {PluginError} it does not start, or is no plugin
 */
export async function openIsolated(options: IsolatedOptions): Promise<IsolatedPlugin> {
  const runs = createRuns(options)
  const { described } = await runs.get()
  const { asked, log, agentId } = options
  const { unsupported } = described
  if (unsupported.length > 0) {
    log.warn(
      { plugin: described.name, agentId, unsupported },
      `The plugin '${asked}' is isolated, so its ${unsupported.join(', ')} are left out: ` +
        'they do not work in a process of their own.',
    )
  }
  return { plugin: elizaPlugin(described, runs.call), unsupported, end: runs.end }
}

interface Run {
  readonly link: Link
  readonly described: Described
}

function createRuns(options: IsolatedOptions) {
  const limits = { ...LIMITS, ...options.limits }
  const lines = createLogLimit()
  let current: Promise<Run> | undefined
  let ends = 0
  let pausedUntil = 0
  let isEnded = false
  let initialised: { of: readonly unknown[]; input: CallInput } | undefined
  const onEnd = () => {
    current = undefined
    ends += 1
    const pause = ends < 2 ? 0 : Math.min(MAX_BACK_OFF_MS, limits.backOffMs * 2 ** (ends - 2))
    pausedUntil = Date.now() + pause
  }
  const start = async (): Promise<Run> => {
    const link = openLink(linkOptions(options, limits, lines))
    void link.ended.then(onEnd)
    try {
      const described = checked(await link.open(), options)
      if (initialised) await link.call(INIT, initialised.of, initialised.input)
      return { link, described }
    } catch (error) {
      link.end()
      await link.ended
      throw error
    }
  }
  const get = (): Promise<Run> => {
    const { asked } = options
    if (isEnded) throw new PluginError(asked, `The plugin '${asked}' was stopped.`)
    const waitMs = pausedUntil - Date.now()
    if (!current && waitMs > 0) {
      const words = `ended ${ends} times in a row, and is started again in ${Math.ceil(waitMs / 1_000)} s.`
      throw new PluginError(asked, `The process of the plugin '${asked}' ${words}`)
    }
    current ??= start()
    return current
  }
  return {
    get: async () => get(),
    async call(member: MemberCall, of: readonly unknown[], input: CallInput): Promise<unknown> {
      const { link } = await get()
      const value = await link.call(member, of, input)
      if (member.list === 'init') initialised = { of, input }
      ends = 0
      return value
    },
    async end() {
      isEnded = true
      const run = await current?.catch(() => undefined)
      run?.link.end()
      await run?.link.ended
    },
  }
}

const INIT: MemberCall = { list: 'init', name: '', part: 'init' }

function linkOptions(options: IsolatedOptions, limits: IsolatedLimits, lines: LogLimit) {
  const { asked, folder, readable = folder, entry, permissions, settings, log, agentId } = options
  const open = Object.entries(settings).filter(([name]) => isNamed(permissions.secrets, name))
  const { exportNames, character } = options
  return {
    plugin: asked,
    rights: { folder, readable, paths: permissions.paths, maxHeapMb: limits.maxHeapMb },
    ...{ callMs: limits.callMs, openMs: limits.openMs },
    order: {
      ...{ entry: pathToFileURL(entry).href, exportNames, agentId, character },
      ...{ settings: Object.fromEntries(open), hosts: permissions.hosts, asked: askedMembers() },
    },
    answer: (question: Asked) => answered(question, options),
    log(level: string, text: string) {
      const tell = (count: number) =>
        log.warn({ plugin: asked, agentId }, leftOutWords(asked, count))
      if (!lines.admits(asked, tell)) return
      const write =
        level === 'warn' || level === 'error' || level === 'fatal' ? log.warn : log.debug
      write.call(log, { plugin: asked, agentId }, text.slice(0, LINE_LENGTH))
    },
  }
}

type AnyFunction = (...of: readonly unknown[]) => unknown

async function answered({ member, of, call }: Asked, options: IsolatedOptions): Promise<unknown> {
  if (member === '@resolve') return resolved(String(of[0]), Number(of[1]), options)
  if (member === '@callback') {
    return typeof call.callback === 'function' ? call.callback(...of) : []
  }
  if (!askedMembers().includes(member)) throw new Error(`'${member}' cannot be asked for.`)
  const found: unknown = (call.runtime as Record<string, unknown> | undefined)?.[member] // a façade
  if (typeof found !== 'function') throw new Error(`The runtime has no '${member}'.`)
  return (found as AnyFunction).apply(call.runtime, of as unknown[])
}

/** The addresses of a host that the plugin may reach. */
async function resolved(host: string, port: number, options: IsolatedOptions) {
  const { asked, permissions, isPublicAddress } = options
  const refused = () =>
    new PluginError(
      asked,
      `The plugin '${asked}' may not reach '${host}:${port}'. If it shall, add it to ` +
        `settings.pluginPermissions['${asked}'].hosts of the character.`,
    )
  if (!URL.canParse(`http://${host}:${port}`)) throw refused()
  const verdict = hostVerdict(permissions.hosts, new URL(`http://${host}:${port}`))
  if (verdict === 'refused') throw refused()
  const addresses = await lookup(host, { all: true })
  const isPublic = addresses.every(({ address }) => isPublicAddress(address))
  if (verdict === 'public' && !isPublic) throw refused()
  return addresses
}

const MEMBER = z.object({
  name: z.string().min(1),
  hasValidate: z.boolean(),
  rest: z.record(z.string(), z.unknown()),
})

const DESCRIBED = z.object({
  name: z.string().min(1),
  description: z.string().optional(),
  priority: z.number().optional(),
  dependencies: z.array(z.string()).optional(),
  permissions: z.unknown().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  hasInit: z.boolean(),
  actions: z.array(MEMBER).max(1_000),
  providers: z.array(MEMBER).max(1_000),
  evaluators: z.array(MEMBER).max(1_000),
  events: z.array(z.string()).max(1_000),
  unsupported: z.array(z.string()),
})

/** @throws {PluginError} the child says something else */
function checked(described: unknown, { asked }: IsolatedOptions): Described {
  const result = DESCRIBED.safeParse(described)
  if (result.success) return result.data
  throw new PluginError(
    asked,
    `'${asked}' describes itself as no plugin does: ${result.error.issues[0]?.message}.`,
  )
}
