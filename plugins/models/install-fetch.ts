import type { lookup } from 'node:dns'
import { guardedConnections } from '../permissions/guarded-connections.ts'
import { hostRefusal, type PermissionBook } from '../permissions/permission-book.ts'
import { PluginError } from '../plugin-error.ts'
import type { HostLog } from '../runtime-host.ts'
import { currentScope, type MemberScope } from '../scope.ts'
import { createPluginConnections } from './plugin-connections.ts'
import { createVendorFetch, type Send } from './vendor-fetch.ts'
import { type VendorWords, visitOf } from './vendor-visit.ts'
import { watchedBody } from './watched-body.ts'

export interface FetchOptions {
  readonly book: Pick<PermissionBook, 'of'>
  isPublicAddress(address: string): boolean
  readonly words: VendorWords
  readonly log: HostLog
  /** Of one answer. @default 256 MB */
  readonly maxBytes?: number
  /** @default the system's */
  readonly resolve?: typeof lookup
}

export interface InstalledFetch {
  /** Puts the process's own back, and ends the connections. */
  restore(): Promise<void>
  /** Closes the connections of an agent whose plugins were stopped. */
  forget(agentId: string): void
}

const MAX_BYTES = 256 * 1024 * 1024

const installed = new WeakSet<typeof fetch>()

/**
 * Puts our `fetch` in the place of the process's. A request that belongs to no plugin is passed on as it
 * is; one of a plugin's member reaches what the plugin may reach, and one of its model handlers is sent
 * once: `vendor-fetch.ts`. What does not use `fetch` is not seen: docs/plugin-permissions.md.
 *
 * @throws it is there already.
 */
export function installFetch(options: FetchOptions): InstalledFetch {
  const passed = globalThis.fetch
  if (installed.has(passed)) {
    throw new Error('Two hosts of plugins cannot share one process: stop the first one.')
  }
  const connections = createPluginConnections((scope, { hosts }) => {
    const { isPublicAddress, resolve } = options
    return guardedConnections({
      ...{ hosts, isPublicAddress, ...(resolve && { resolve }) },
      refused: (name) => hostRefusal(currentScope() ?? scope, name),
    })
  })
  const unledgered = createNotice(options.log)
  const guarded: Send = async (scope, input, init) => {
    // `fetch` takes undici's option, which its types do not name.
    const dispatcher = connections.of(scope, options.book.of(scope).permissions)
    const checked = { ...init, dispatcher } as RequestInit
    try {
      return bounded(scope, await passed(input, checked), options.maxBytes ?? MAX_BYTES)
    } catch (error) {
      throw refusalIn(error, scope) ?? error
    }
  }
  const vendor = createVendorFetch(guarded, options.words)
  const ours: typeof fetch = async (input, init) => {
    const scope = currentScope()
    const url = urlOf(input)
    if (!scope || !url || !/^https?:$/.test(url.protocol)) return passed(input, init)
    const visit = visitOf(scope)
    if (visit) return vendor(scope, visit, { input, init, url })
    unledgered(scope, url)
    return guarded(scope, input, init)
  }
  installed.add(ours)
  globalThis.fetch = ours
  return {
    forget: connections.forget,
    async restore() {
      if (globalThis.fetch === ours) globalThis.fetch = passed
      await connections.destroy()
    },
  }
}

function urlOf(input: Parameters<typeof fetch>[0]): URL | undefined {
  const address = input instanceof Request ? input.url : String(input)
  return URL.canParse(address) ? new URL(address) : undefined
}

/** `fetch` hides what its connection failed with, and puts it in words when it is of another realm. */
function refusalIn(error: unknown, { plugin }: MemberScope): PluginError | undefined {
  const { cause } = (error ?? {}) as { cause?: unknown } // any error
  if (cause instanceof PluginError) return cause
  const { message } = (cause ?? {}) as { message?: unknown } // any error
  const [, words] = /^PluginError: (.*)$/s.exec(String(message)) ?? []
  return words === undefined ? undefined : new PluginError(plugin, words)
}

const bounded = ({ plugin }: MemberScope, response: Response, maxBytes: number): Response =>
  watchedBody(response, {
    ...{ maxBytes, keep: 0 },
    onEnd: () => undefined,
    onError: () => undefined,
    endless: () =>
      new PluginError(
        plugin,
        `An answer to the plugin '${plugin}' has more than ${maxBytes} bytes.`,
      ),
  })

/** Hosts that sell models; what is paid there outside of a handler is in no ledger. */
const VENDOR_HOSTS: ReadonlySet<string> = new Set([
  ...['api.openai.com', 'api.anthropic.com', 'openrouter.ai', 'api.x.ai', 'api.groq.com'],
  'generativelanguage.googleapis.com',
])

/** More than there are plugins; beyond it nothing is said. */
const MAX_NOTICES = 1_000

/** Says once per plugin and vendor that it pays by itself. */
function createNotice(log: HostLog) {
  const said = new Set<string>()
  return ({ plugin, member, agentId }: MemberScope, { hostname }: URL): void => {
    const key = `${plugin} ${hostname}`
    if (!VENDOR_HOSTS.has(hostname) || said.has(key) || said.size >= MAX_NOTICES) return
    said.add(key)
    log.warn(
      { plugin, member, agentId, host: hostname },
      `The plugin '${plugin}' asks '${hostname}' by itself: no ledger, budget or rate limit sees it. ` +
        'A plugin that asks runtime.useModel is counted.',
    )
  }
}
