/**
 * Whether a plugin may ask a host. `named`: by this name, wherever it leads; `public`: when it leads to
 * the public internet.
 */
export type HostVerdict = 'named' | 'public' | 'refused'

export function hostVerdict(hosts: readonly string[], url: URL): HostVerdict {
  const name = nameOf(url)
  const place = placeOf(url)
  const entries = hosts.map((host) => host.toLowerCase())
  if (entries.some((entry) => entry === name || entry === place)) return 'named'
  return entries.some((entry) => covers(entry, name)) ? 'public' : 'refused'
}

/** Of an address without its brackets, of a name without the dot that may end it. */
export const nameOf = ({ hostname }: URL): string =>
  hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** `localhost:1234`, with the port that its protocol has where none is written. */
export const placeOf = (url: URL): string =>
  `${nameOf(url)}:${url.port || DEFAULT_PORTS.get(url.protocol)}`

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http:', '80'],
  ['https:', '443'],
])

const covers = (entry: string, name: string): boolean =>
  entry === '*' || (entry.startsWith('*.') && name.endsWith(entry.slice(1)))
