import type { ElizaPlugin } from '../contract.ts'
import { shortName } from '../load/plugin-name.ts'
import { isolatedNames } from '../permissions/grant-of.ts'
import { PluginError } from '../plugin-error.ts'
import type { HostedAgent, OpenedAgent, PluginReport } from '../plugin-host.ts'
import { type AgentHost, createAgentHost } from './agent-host.ts'
import { initFromCode } from './code-init.ts'
import { FailedOpening } from './failed-opening.ts'
import type { PluginHostInput } from './host-input.ts'
import { findPlugins, type NamedPlugin, type Verdict, verdictOf } from './load-plugins.ts'
import type { LoopWatch } from './loop-watch.ts'
import { reasonOf } from './reason.ts'
import { requiredFailure } from './required-failure.ts'
import { holdsSocket } from './services.ts'
import { createSocketServices } from './socket-services.ts'
import { createSuperseded } from './superseded.ts'
import { bareScopeOf } from './turn-scope.ts'

/** An agent whose plugins were started. */
export interface Running {
  readonly opened: OpenedAgent
  readonly host: AgentHost
  stop(): Promise<void>
}

/**
 * Loads, initialises and starts the plugins of an agent. One that fails is left out and named.
 * @throws {FailedOpening} a required one failed; nothing of the agent is left running.
 */
export async function openAgent(
  input: PluginHostInput,
  hosted: HostedAgent,
  watch: LoopWatch,
): Promise<Running> {
  const plugins: NamedPlugin[] = []
  const verdicts: Verdict[] = []
  const gateways = new Set<string>()
  const register = async (one: NamedPlugin) => {
    const verdict = await registered(input, { hosted, host, one, gateways })
    verdicts.push(verdict)
    if (verdict.state === 'loaded') plugins.push(one)
    return verdict
  }
  const startOwn = async (one: NamedPlugin) => {
    for (const reason of await servicesStarted(host, one.plugin)) {
      noteReason(verdicts, one, reason)
    }
  }
  const sockets = createSocketServices<NamedPlugin>({
    ...{ gateway: input.gateway, agentId: hosted.id, start: startOwn },
    stop: ({ plugin }) => host.services.stopOf(plugin.name),
    onFailure: (error) =>
      input.log.warn({ agentId: hosted.id, error }, 'Who holds its sockets could not be asked.'),
  })
  const startAll = (one: NamedPlugin) =>
    gateways.has(one.plugin.name) ? sockets.add(one) : startOwn(one)
  let isOpen = false
  const host = createAgentHost({
    ...{ input, hosted, watch, gateways },
    isOpen: () => isOpen,
    async registerPlugin(plugin) {
      const one = { asked: plugin.name, plugin, version: null, folder: null }
      if (plugins.some((other) => isSame(other, one))) return
      const { state, reason } = await register(one)
      if (state === 'failed') throw new PluginError(plugin.name, reason ?? 'It failed.')
      await startAll(one)
      if (isOpen) await sockets.join()
    },
  })
  const stop = async () => {
    await sockets.leave()
    await host.services.stopAll()
    input.forget?.(hosted.id)
  }
  const opened = openedOf(host, { plugins, verdicts })
  const source = { load: (asked: string) => input.source.load(asked, hosted) }
  const found = await findPlugins(source, wishesOf(input, hosted), host.ports.redact)
  verdicts.push(...found.verdicts)
  const initialised = Promise.withResolvers<void>()
  if (found.ordered.length > 0) host.runtime.initPromise = initialised.promise
  for (const one of found.ordered) await register(one)
  initialised.resolve()
  for (const one of [...plugins]) await startAll(one)
  await sockets.join()
  tellFailures(input, hosted, verdicts)
  const unready = hosted.code?.init && (await initFromCode(input, hosted, host))
  if (unready) verdicts.push(unready)
  const fatal = requiredFailure(hosted, verdicts)
  isOpen = true
  if (!fatal) return { opened, host, stop }
  const { report } = opened // before its services leave it
  await stop()
  throw new FailedOpening(fatal, report)
}

const isSame = (one: NamedPlugin, other: NamedPlugin) =>
  shortName(one.plugin.name) === shortName(other.plugin.name)

function wishesOf({ globalPlugins = [], isOurs }: PluginHostInput, hosted: HostedAgent) {
  const superseded = createSuperseded({ ...hosted, isOurs: (vendor) => isOurs(vendor, hosted) })
  const own = (hosted.code?.plugins ?? []).map((one) => ({ asked: one.plugin.name, ...one }))
  const names = hosted.character.plugins ?? []
  const isolated = isolatedNames(hosted.settings)
  return { names, given: [...globalPlugins, ...own], isolated, ...superseded }
}

interface Registering {
  readonly hosted: HostedAgent
  readonly host: AgentHost
  readonly one: NamedPlugin
  readonly gateways: Set<string>
}

/** Permissions, tables, `init`, members: in this order, and none of its members without the ones before. */
async function registered(
  { permit, migrate }: PluginHostInput,
  { hosted, host, one, gateways }: Registering,
): Promise<Verdict> {
  const { plugin } = one
  try {
    permit?.(hosted, one)
    if (plugin.schema) await migrate?.(hosted, one)
    await initialised(host, plugin)
    if (holdsSocket(plugin)) gateways.add(plugin.name)
    host.runtime.plugins.push(plugin)
    host.members.add(plugin)
    host.members.adopt(plugin.name)
    return verdictOf(one, 'loaded', null)
  } catch (error) {
    // What it registered before it failed, and what it registers later, belongs to nothing.
    host.members.adopt(plugin.name)
    host.members.ban(plugin.name)
    await host.services.stopOf(plugin.name)
    return verdictOf(one, 'failed', reasonOf(error, host.ports.redact))
  }
}

async function initialised({ isolation, ports, runtime }: AgentHost, plugin: ElizaPlugin) {
  const { name, init } = plugin
  if (typeof init !== 'function') return
  const { agentId } = ports
  const scope = (_: AbortSignal, member: string) => bareScopeOf({ agentId, plugin: name, member })
  await isolation.run({ plugin: name, kind: 'init', name: '', scope }, () =>
    init.call(plugin, configOf(plugin), runtime),
  )
}

/** As ElizaOS gives it: texts, and without what is not set. Secrets of the agent stay out: some write it on. */
function configOf({ config = {} }: ElizaPlugin): Record<string, string> {
  const entries = Object.entries(config ?? {}).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [[key, String(value)] as const],
  )
  return Object.fromEntries(entries)
}

/** @returns why services of it did not start */
async function servicesStarted(host: AgentHost, plugin: ElizaPlugin): Promise<readonly string[]> {
  const reasons: string[] = []
  for (const service of plugin.services ?? []) {
    try {
      await host.services.register(service, plugin.name)
    } catch (error) {
      reasons.push(reasonOf(error, host.ports.redact))
    }
    host.members.adopt(plugin.name)
  }
  return reasons
}

function noteReason(verdicts: Verdict[], one: NamedPlugin, reason: string): void {
  const index = verdicts.findIndex(
    ({ name, state }) => name === one.plugin.name && state === 'loaded',
  )
  const before = verdicts[index]
  if (!before) return
  const reasons = [before.reason, reason].filter((each) => each !== null)
  verdicts[index] = { ...before, reason: reasons.join(' ') }
}

function tellFailures(
  { log }: PluginHostInput,
  { id: agentId, character }: HostedAgent,
  verdicts: readonly Verdict[],
): void {
  for (const { asked, state, reason } of verdicts) {
    if (state !== 'failed') continue
    const sentence = `The agent '${character.name}' starts without the plugin '${asked}'.`
    log.warn({ agentId, plugin: asked, reason }, sentence)
  }
}

function openedOf(
  host: AgentHost,
  { plugins, verdicts }: { plugins: readonly NamedPlugin[]; verdicts: readonly Verdict[] },
): OpenedAgent {
  const { members, services, isolation } = host
  const lengths = ({ plugin }: NamedPlugin): PluginReport['members'] => ({
    actions: plugin.actions?.length ?? 0,
    providers: plugin.providers?.length ?? 0,
    evaluators: plugin.evaluators?.length ?? 0,
    services: services.count(plugin.name),
    models: Object.keys(plugin.models ?? {}).length,
    routes: plugin.routes?.length ?? 0,
  })
  return {
    get runtime() {
      return host.runtime
    },
    get plugins() {
      return members.adapted()
    },
    get loaded() {
      return plugins.map(({ plugin }) => plugin)
    },
    get routes() {
      return members.routes()
    },
    get report() {
      return verdicts.map((verdict): PluginReport => {
        const own = plugins.find(({ plugin }) => plugin.name === verdict.name)
        const isLoaded = verdict.state === 'loaded' && own
        return {
          ...verdict,
          members: isLoaded ? lengths(own) : NO_MEMBERS,
          faults: verdict.name === null ? [] : isolation.health.faults(verdict.name),
        }
      })
    },
  }
}

const NO_MEMBERS: PluginReport['members'] = {
  ...{ actions: 0, providers: 0, evaluators: 0, services: 0, models: 0, routes: 0 },
}
