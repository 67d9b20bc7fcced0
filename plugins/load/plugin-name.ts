/**
 * What a plugin is called everywhere: `@elizaos/plugin-x`, `plugin-x`, `turnkeeper-plugin-x` and `x` are
 * one plugin.
 */
export const shortName = (name: string): string =>
  name
    .trim()
    .replace(/^@[^/]+\//, '')
    .replace(/^(?:turnkeeper-)?plugin-(?=.)/, '')
    .toLowerCase()

/** Packages that may be meant, the likeliest first. A package of another scope is only itself. */
export function packageNames(asked: string): readonly string[] {
  const isScoped = asked.startsWith('@')
  if (isScoped && !/^@elizaos\/plugin-/.test(asked)) return [asked]
  const short = shortName(asked)
  const usual = [`@elizaos/plugin-${short}`, `turnkeeper-plugin-${short}`, `plugin-${short}`]
  // `x` alone comes last: npm's `openai` is no plugin, and `discord` is not what `discord` means here.
  const isShort = asked === short
  return [...new Set(isShort ? [...usual, asked] : [asked, ...usual])]
}

/** The package that `plugin add` installs for a name. */
export function packageToInstall(asked: string): string {
  if (asked.startsWith('@') || asked.startsWith('turnkeeper-plugin-')) return asked
  return `@elizaos/plugin-${shortName(asked)}`
}

/** `my-weather` → `myWeatherPlugin`, the usual name of the export. */
export function exportName(asked: string): string {
  const camel = shortName(asked).replace(/[-_.]+(\w)/g, (_, letter: string) => letter.toUpperCase())
  return `${camel}Plugin`
}

/** Of npm: lower case, no path, at most 214 characters. Nothing that npm could take for a flag. */
export const isPackageName = (name: string): boolean =>
  name.length <= 214 && /^(?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*$/.test(name)

/** `./x`, `../x`, an absolute path, `~`-less; or a file by its ending. */
export const isPath = (asked: string): boolean =>
  /^(?:\.{1,2}(?:[\\/]|$)|[\\/]|file:|[A-Za-z]:[\\/])/.test(asked) ||
  (/\.[cm]?[jt]s$/.test(asked) && /[\\/]/.test(asked))
