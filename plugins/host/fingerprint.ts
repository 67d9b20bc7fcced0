import { createHash } from 'node:crypto'
import type { HostedAgent } from '../plugin-host.ts'

/** What plugins were started with: when it changes, they are started anew. Never stored: secrets are in it. */
export function fingerprintOf({ character, settings, code }: HostedAgent): string {
  const { plugins = [], secrets = {}, settings: own = {} } = character
  return createHash('sha256')
    .update(stableJson([plugins, secrets, own, settings, code?.version]))
    .digest('hex')
}

/** Keys in one order, whoever wrote them. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
