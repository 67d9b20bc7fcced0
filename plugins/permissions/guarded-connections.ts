import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { runInThisContext } from 'node:vm'
import type { PluginError } from '../plugin-error.ts'
import { hostVerdict, nameOf } from './host-verdict.ts'

export interface ConnectionRules {
  readonly hosts: readonly string[]
  isPublicAddress(address: string): boolean
  refused(name: string): PluginError
  /** @default the system's */
  readonly resolve?: typeof lookup
}

/** Undici's Dispatcher, as far as `fetch` uses it. */
export interface Dispatcher {
  dispatch(options: { readonly origin?: string | URL }, handler: unknown): boolean
  /** Lets what is on its way arrive. */
  close?(): Promise<void>
  destroy?(): Promise<void>
}

/**
 * The connections of one plugin. Each request of a `fetch`, redirects included, is dispatched here, and the
 * addresses of a name are looked at when the connection is made, so that no name server can change its
 * answer in between.
 */
export function guardedConnections(rules: ConnectionRules): Dispatcher {
  const open = newAgent(undefined)
  const guarded = newAgent(publicLookup(rules))
  return {
    dispatch(options, handler) {
      const url = new URL(options.origin ?? '')
      const name = nameOf(url)
      const verdict = hostVerdict(rules.hosts, url)
      if (verdict === 'named') return open.dispatch(options, handler)
      // An address is never looked up.
      const isPrivate = isIP(name) !== 0 && !rules.isPublicAddress(name)
      if (verdict === 'refused' || isPrivate) throw rules.refused(name)
      return guarded.dispatch(options, handler)
    },
    async close() {
      await Promise.all([open.close?.(), guarded.close?.()])
    },
    async destroy() {
      await Promise.all([open.destroy?.(), guarded.destroy?.()])
    },
  }
}

/** Where undici keeps the dispatcher of all requests of a process, for its copies to share. */
const SHARED = Symbol.for('undici.globalDispatcher.1')

type AgentClass = new (options: { connect?: { lookup: LookupFunction } }) => Dispatcher

/**
 * Node has undici inside and does not export it: its class is that of the shared dispatcher. Where the
 * operator put another one in its place, such as a proxy's, that one connects, and looks names up.
 */
function newAgent(lookup: LookupFunction | undefined): Dispatcher {
  // `fetch` may be asked from another realm than the one that it was made in, as in a test runner's.
  const shared: Dispatcher = Reflect.get(runInThisContext('globalThis'), SHARED)
  if (shared.constructor.name !== 'Agent') return { dispatch: (...of) => shared.dispatch(...of) }
  const Agent = shared.constructor as AgentClass
  return new Agent(lookup ? { connect: { lookup } } : {})
}

function publicLookup({ isPublicAddress, refused, resolve = lookup }: ConnectionRules) {
  const guarded: LookupFunction = (hostname, options, callback) => {
    const all: LookupOptions & { all: true } = { ...options, all: true }
    resolve(hostname, all, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '')
      // All of them: which one is taken is not for us to say.
      const isPublic = addresses.every(({ address }) => isPublicAddress(address))
      if (addresses.length === 0 || !isPublic) return callback(refused(hostname), '')
      const [first] = addresses
      if (options.all) return callback(null, addresses)
      return callback(null, first?.address ?? '', first?.family)
    })
  }
  return guarded
}
