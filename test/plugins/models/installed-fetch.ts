import { installFetch } from '../../../plugins/models/install-fetch.ts'
import { createPermissionBook } from '../../../plugins/permissions/permission-book.ts'
import { resolvePermissions } from '../../../plugins/permissions/permissions.ts'
import { inScope, type MemberScope } from '../../../plugins/scope.ts'

export const AGENT = 'agent'

/** The interposer, with what the plugin `acme` may reach; loopback is as private as it is. */
export function installedFetch(hosts: readonly string[], isPublic = (_: string) => false) {
  const book = createPermissionBook()
  const { permissions } = resolvePermissions({
    ...{ plugin: 'acme', declared: undefined, granted: { hosts: [...hosts] } },
    configuredHosts: [],
  })
  book.set(AGENT, 'acme', { permissions, folder: null })
  const warnings: string[] = []
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, error: quiet }
  const { restore } = installFetch({
    ...{ book, isPublicAddress: isPublic },
    words: {
      redact: (text) => text.replaceAll(/sk-\w+/g, '[key]'),
      retryAfterMs: (headers) => Number(headers.get('retry-after') ?? Number.NaN) * 1_000,
    },
    log: { ...log, warn: (_, message) => void warnings.push(message) },
  })
  return { restore, warnings }
}

export const scopeOf = (member: string): MemberScope => ({
  ...{ agentId: AGENT, plugin: 'acme', member },
  state: 'open',
})

export const asMember = <T>(work: () => Promise<T>, member = 'action GREET'): Promise<T> =>
  inScope(scopeOf(member), work)
