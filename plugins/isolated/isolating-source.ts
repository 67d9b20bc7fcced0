import { readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import type { Character } from '../../schema/character.ts'
import { exportName, isPath, shortName } from '../load/plugin-name.ts'
import type { PlacesToLook, PluginPlace } from '../load/plugin-place.ts'
import { type Grant, grantOf, isIsolated } from '../permissions/grant-of.ts'
import { resolvePermissions } from '../permissions/permissions.ts'
import type { HostedAgent, LoadedPlugin, PluginSource } from '../plugin-host.ts'
import type { HostLog } from '../runtime-host.ts'
import { packageAbove, readableOf } from './child-files.ts'
import { type IsolatedLimits, type IsolatedPlugin, openIsolated } from './isolated-plugin.ts'

export interface IsolatingPorts {
  /** Where a plugin's files are, without importing them: `findPlugin`. @throws {PluginError} */
  findPlace(asked: string): PluginPlace
  readonly folders: Pick<PlacesToLook, 'projectFolder' | 'dataFolder'>
  isPublicAddress(address: string): boolean
  readonly log: HostLog
  readonly limits?: Partial<IsolatedLimits>
}

export interface IsolatingSource extends PluginSource {
  /** Ends the processes of an agent; of all agents without one. */
  end(agentId?: string): Promise<void>
}

/**
 * A source that gives plugins with the grant `process: 'isolated'` a process of their own, one for each
 * agent: their code is never imported into this one. All others come from `source`.
 */
export function isolatingSource(source: PluginSource, ports: IsolatingPorts): IsolatingSource {
  const processes: { readonly agentId: string; readonly isolated: IsolatedPlugin }[] = []
  return {
    async load(asked, agent) {
      const grant = agent && grantOf(agent.settings, ...namesOf(asked, ports))
      if (!grant || !isIsolated(grant.granted)) return source.load(asked, agent)
      const { loaded, isolated } = await opened(asked, agent, grant, ports)
      processes.push({ agentId: agent.id, isolated })
      return loaded
    },
    async end(agentId) {
      const gone = processes.filter((each) => agentId === undefined || each.agentId === agentId)
      for (const each of gone) processes.splice(processes.indexOf(each), 1)
      await Promise.all(gone.map(({ isolated }) => isolated.end()))
    },
  }
}

/** A path is granted something by the name of its folder, or by that of its package. */
function namesOf(asked: string, { findPlace }: IsolatingPorts): string[] {
  if (!isPath(asked)) return [asked]
  const { folder, entry } = findPlace(asked)
  // `./strange/src/index.ts` is the plugin `strange`: its package is above it.
  const homes = [...new Set([packageAbove(entry) ?? folder, folder])]
  const file = basename(entry, extname(entry))
  const names = [asked, ...homes.map(packageName), ...homes.map((home) => basename(home)), file]
  return names.filter((name) => name !== undefined)
}

function packageName(folder: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined // a file without a package
  }
}

async function opened(
  asked: string,
  { id, character, settings }: HostedAgent,
  { key, granted }: Grant,
  { findPlace, folders, isPublicAddress, log, limits }: IsolatingPorts,
): Promise<{ loaded: LoadedPlugin; isolated: IsolatedPlugin }> {
  const { permissions } = resolvePermissions({
    ...{ plugin: asked, declared: undefined, granted, configuredHosts: [] },
  })
  const place = findPlace(asked)
  const { folder, entry, version } = place
  const readable = readableOf(asked, place, folders)
  const isolated = await openIsolated({
    ...{ asked, folder, readable, entry, agentId: id, permissions, isPublicAddress, log },
    exportNames: [exportName(asked)],
    character: publicPart(character),
    settings: flat(settings),
    ...(limits && { limits }),
  })
  // What it calls itself must not give it what another plugin was granted.
  const dependencies = namedOnes(isolated.plugin.dependencies, character)
  const plugin = { ...isolated.plugin, name: key, permissions, dependencies }
  return { loaded: { plugin, version, folder, isIsolated: true }, isolated }
}

/** What it asks for besides would be imported into this process. */
const namedOnes = (dependencies: readonly string[] = [], { plugins = [] }: Character) =>
  dependencies.filter(
    (name) => !isPath(name) && plugins.some((own) => shortName(own) === shortName(name)),
  )

/** Keys stand in both of them; what is permitted of them `getSetting` answers. */
const publicPart = ({ secrets: _, settings: __, ...character }: Character) => character

/** Secrets stand beside the settings, or among them. */
function flat(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { secrets, pluginPermissions: _, ...rest } = settings
  return { ...rest, ...(typeof secrets === 'object' && secrets !== null ? secrets : {}) }
}
