import { apiAddress } from '../../cli/api-address.ts'
import { type Api, ApiRefusedError, createApi, isPassing } from '../../cli/api-client.ts'
import { UsageError } from '../../cli/arguments.ts'
import { asksYes } from '../../cli/ask-yes.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { type ListedPlugin, renderOffer, renderPlugins } from '../../cli/plugin-view.ts'
import { printableJson } from '../../cli/printable.ts'
import { isPackageName, shortName } from '../../plugins/load/plugin-name.ts'
import { pluginsFolder } from '../../plugins/load/plugin-place.ts'
import { installedPlugins, preparedFolder } from '../installed-plugins.ts'
import { NpmError, runNpm } from '../npm.ts'
import { lookUpPlugin, type PluginPackage } from '../plugin-package.ts'

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

/** Installs a plugin, once somebody has agreed to what it is. */
export async function addPlugin({
  config,
  values,
  positionals,
  io,
}: CommandInput): Promise<number> {
  const [typed = ''] = positionals
  const found = await lookUpPlugin(typed, process.cwd()).catch((error: unknown) => {
    if (error instanceof NpmError && error.code === 'E404') return undefined
    throw error
  })
  if (!found) {
    io.stderr.write(`turnkeeper: npm knows no package for '${typed}'. Check its spelling.\n`)
    return EXIT.notFound
  }
  const allowsScripts = values.allowScripts === true
  const folder = pluginsFolder(config.dataDir)
  io.stdout.write(`${renderOffer(found, { folder, allowsScripts })}`)
  if (!(await isAgreed({ values, io }))) {
    io.stdout.write('Nothing was installed.\n')
    return EXIT.failed
  }
  await install(found, config.dataDir, allowsScripts)
  io.stdout.write(
    `Installed ${found.name} ${found.version}. Name it in a character's plugins: "${found.name}".\n`,
  )
  return EXIT.ok
}

async function isAgreed({ values, io }: Pick<CommandInput, 'values' | 'io'>): Promise<boolean> {
  if (values.yes) return true
  if (io.isTerminal) return asksYes(io, 'Install it?')
  throw new UsageError('Nobody is here to agree: add --yes to install it without being asked.')
}

async function install(
  { name, spec }: PluginPackage,
  dataDir: string,
  allowsScripts: boolean,
): Promise<void> {
  const folder = preparedFolder(dataDir)
  // What is installed already would not run its scripts.
  if (allowsScripts && isInstalled(dataDir, name)) await uninstall(name, folder)
  const scripts = allowsScripts ? '--foreground-scripts' : '--ignore-scripts'
  // A folder is packed and copied: a link to it would find its packages elsewhere.
  const how = ['--save-exact', '--install-links', scripts, ...QUIET]
  await runNpm(['install', '--prefix', folder, ...how, '--', spec], { cwd: folder })
  if (isInstalled(dataDir, name)) return
  throw new NpmError(`npm says that it installed '${name}', but it is not in '${folder}'.`)
}

const isInstalled = (dataDir: string, name: string): boolean =>
  installedPlugins(dataDir).some((each) => each.name === name && each.version !== null)

async function uninstall(name: string, folder: string): Promise<void> {
  const how = ['--ignore-scripts', ...QUIET]
  await runNpm(['uninstall', '--prefix', folder, ...how, '--', name], { cwd: folder })
}

/** Prints what is installed, and by whom it is used when the API answers. */
export async function listPlugins({ config, values, io }: CommandInput): Promise<number> {
  const installed = installedPlugins(config.dataDir)
  const uses = installed.length > 0 ? await usesOf(createApi(apiAddress(config))) : null
  const plugins: readonly ListedPlugin[] = installed.map((plugin) => ({
    ...plugin,
    usedBy: uses?.get(shortName(plugin.name)) ?? (uses ? [] : null),
  }))
  const text = values.json
    ? printableJson(plugins)
    : renderPlugins(plugins, createPaint(io.hasColor))
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}

interface AgentPlugins {
  readonly plugins?: readonly { readonly asked?: string; readonly state?: string }[]
}

/** Names of agents by the short name of the plugin; null when nobody says. */
async function usesOf(api: Api): Promise<ReadonlyMap<string, readonly string[]> | null> {
  const uses = new Map<string, string[]>()
  try {
    const { agents } = await api.request<{ agents: readonly { id: string; name: string }[] }>(
      '/api/agents',
    )
    for (const { id, name } of agents) {
      const { plugins = [] } = await api.request<AgentPlugins>(`/api/agents/${id}/plugins`)
      for (const { asked, state } of plugins) {
        if (asked === undefined || state !== 'loaded') continue
        const short = shortName(asked)
        uses.set(short, [...(uses.get(short) ?? []), name])
      }
    }
    return uses
  } catch (error) {
    if (isPassing(error) || error instanceof ApiRefusedError) return null
    throw error
  }
}

/** Removes a plugin that was added. */
export async function removePlugin({ config, positionals, io }: CommandInput): Promise<number> {
  const [typed = ''] = positionals
  if (!isPackageName(typed)) throw new UsageError(`'${typed}' is no name of a package.`)
  const installed = installedPlugins(config.dataDir)
  const found =
    installed.find(({ name }) => name === typed) ??
    installed.find(({ name }) => shortName(name) === shortName(typed))
  if (!found) {
    io.stderr.write(
      `turnkeeper: The plugin '${typed}' is not installed. 'turnkeeper plugin list' shows which are.\n`,
    )
    return EXIT.notFound
  }
  await uninstall(found.name, preparedFolder(config.dataDir))
  io.stdout.write(`Removed ${found.name}.\n`)
  return EXIT.ok
}
