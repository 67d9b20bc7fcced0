import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { SchemaKit } from '../plugins/schema/migrate-schema.ts'

/** drizzle-kit as a plugin has it, or as `plugin add` installed it. Undefined when it cannot be loaded. */
export const loadSchemaKit =
  (installed: string) =>
  async (folder: string | null): Promise<SchemaKit | undefined> => {
    for (const place of [folder, installed]) {
      const kit = place === null ? undefined : kitBelow(place)
      if (kit) return kit
    }
    return undefined
  }

function kitBelow(folder: string): SchemaKit | undefined {
  try {
    const kit: unknown = createRequire(join(folder, 'package.json'))('drizzle-kit/api')
    return isKit(kit) ? kit : undefined
  } catch {
    return undefined // not there, or without drizzle-orm beside it
  }
}

const isKit = (kit: unknown): kit is SchemaKit =>
  kit !== null &&
  typeof kit === 'object' &&
  'generateDrizzleJson' in kit &&
  'generateMigration' in kit
