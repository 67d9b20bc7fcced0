import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Drizzle } from '../plugins/sql/drizzle.ts'

/** drizzle-orm as a plugin has it, or as it was installed for all. Undefined when it cannot be loaded. */
export const loadDrizzle =
  (installed: string) =>
  (folder: string | null): Drizzle | undefined => {
    for (const place of [folder, installed]) {
      const drizzle = place === null ? undefined : drizzleBelow(place)
      if (drizzle) return drizzle
    }
    return undefined
  }

function drizzleBelow(folder: string): Drizzle | undefined {
  try {
    const found: unknown = createRequire(join(folder, 'package.json'))('drizzle-orm/pg-proxy')
    return isDriver(found) ? found.drizzle : undefined
  } catch {
    return undefined // not there, or older than this driver
  }
}

const isDriver = (found: unknown): found is { readonly drizzle: Drizzle } =>
  found !== null &&
  typeof found === 'object' &&
  'drizzle' in found &&
  typeof found.drizzle === 'function'
