import dgram from 'node:dgram'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net, { type LookupFunction } from 'node:net'

/** Asks the parent for the addresses of a host that may be reached. @throws it may not */
export type Resolve = (
  host: string,
  port: number,
) => Promise<readonly { readonly address: string; readonly family: number }[]>

type AnyFunction = (this: unknown, ...of: readonly unknown[]) => unknown

/**
 * Every connection asks the parent first, whatever library makes it: names are looked up there, addresses
 * must be granted as they are written. Datagrams, servers, local sockets and questions to name servers are
 * refused. Code that digs out handles of Node's inside can still go around it.
 */
export function guardNetwork(hosts: readonly string[], resolve: Resolve): void {
  const { connect } = net.Socket.prototype
  net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
    const [asked, listener] = connectOptions(given)
    // Read once: what is looked at here is what is connected to.
    const options = { ...asked }
    const host = String(options.host ?? 'localhost')
    const port = Number(options.port)
    const { path } = options
    if (path) throw refused(`the local socket '${path}'`)
    if (net.isIP(host) !== 0 && !isNamed(hosts, host, port)) throw refused(`'${host}'`)
    const lookup = lookupThrough(resolve, port)
    return Reflect.apply(connect, this, [{ ...options, host, port, lookup }, listener])
  } as typeof connect
  net.Server.prototype.listen = () => {
    throw refused('a server of its own')
  }
  for (const name of ['bind', 'connect', 'send', 'sendto'] as const) {
    Reflect.set(dgram.Socket.prototype, name, () => {
      throw refused('datagrams')
    })
  }
  dgram.createSocket = () => {
    throw refused('datagrams')
  }
  for (const module of [dns, dns.promises] as unknown as Record<string, unknown>[])
    refuseAll(module)
  syncBuiltinESMExports()
}

/**
 * Signals reach any process of the same user, the parent above all; and one of them opens its debugger.
 */
export function guardProcesses(): void {
  for (const name of ['kill', '_kill', '_debugProcess', '_debugEnd']) {
    Reflect.set(process, name, () => {
      throw new Error('An isolated plugin may not send signals to processes.')
    })
  }
}

/** Of name servers: a question is a message, too. */
function refuseAll(module: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== 'function' || name.startsWith('getDefault')) continue
    module[name] = function refuse() {
      throw refused('name servers')
    }
  }
}

interface ConnectOptions {
  readonly host?: unknown
  readonly port?: unknown
  readonly path?: string
}

/** The ways in which `connect` may be called; Node's own modules pass a list of options and listener. */
function connectOptions(given: readonly unknown[]): [ConnectOptions, AnyFunction | undefined] {
  const [first, ...rest] = given
  const listener = [first, ...rest].findLast((each) => typeof each === 'function') as AnyFunction
  if (Array.isArray(first)) return connectOptions(first)
  if (typeof first === 'object' && first !== null) return [first, listener]
  if (typeof first === 'string' && Number.isNaN(Number(first))) return [{ path: first }, listener]
  const [host] = rest
  return [{ port: first, ...(typeof host === 'string' && { host }) }, listener]
}

const isNamed = (hosts: readonly string[], host: string, port: unknown): boolean =>
  hosts.includes(host) || hosts.includes(`${host}:${port}`)

function lookupThrough(resolve: Resolve, port: number): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname, port).then(
      (addresses) => {
        const [first] = addresses
        if (all) return callback(null, [...addresses])
        return callback(null, first?.address ?? '', first?.family)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    )
  }
}

const refused = (what: string) =>
  new Error(
    `An isolated plugin may not reach ${what}. The character's pluginPermissions name hosts.`,
  )
