import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { retryAfterMs } from '../models/retry-after.ts'
import type { RootLogger } from '../observability/log.ts'
import { guardConsole } from '../plugins/host/guard-console.ts'
import { guardProcess } from '../plugins/host/guard-process.ts'
import { pluginsFolder } from '../plugins/load/plugin-place.ts'
import { installFetch } from '../plugins/models/install-fetch.ts'
import { guardFiles } from '../plugins/permissions/guard-files.ts'
import type { PermissionBook } from '../plugins/permissions/permission-book.ts'
import type { Config } from '../schema/config.ts'
import type { Closers } from './closers.ts'
import type { PluginHouse } from './plugin-house.ts'
import { isPublicAddress } from './public-address.ts'

interface Guarded {
  readonly config: Pick<Config, 'dataDir' | 'logContent'>
  readonly logger: RootLogger
  readonly house: PluginHouse
}

/** `fetch`, files and the console belong to the whole process: the first house puts the guards up for all. */
const houses = new Set<PluginHouse>()
let standing: Standing | undefined

interface Standing {
  takeDown(): Promise<void>
  /** The agent's plugins were stopped. */
  forget(agentId: string): void
}

/**
 * Stands between the plugins of this process and what belongs to all of it: the network as far as `fetch`
 * reaches, files, the console, promises that nobody awaits. docs/plugin-permissions.md says what that
 * cannot stop.
 *
 * @returns takes the guards away, with the last house
 */
export function guardPlugins(guarded: Guarded): () => Promise<void> {
  const { house } = guarded
  const release = guardProcess(house.host.noteStray)
  houses.add(house)
  standing ??= putUp(guarded)
  const unhear = house.book.onDelete((agentId) => standing?.forget(agentId))
  return async () => {
    release()
    unhear()
    houses.delete(house)
    if (houses.size > 0) return
    const ended = standing
    standing = undefined
    await ended?.takeDown()
  }
}

/** Guards stand until the plugins have stopped: closers work backwards. */
export function closeGuarded(
  closers: Closers,
  close: () => unknown,
  guard: () => () => Promise<void>,
): void {
  let release: (() => Promise<void>) | undefined
  closers.add('plugin guards', () => release?.())
  closers.add('assembly', close)
  release = guard()
}

function putUp({ config, logger, house }: Guarded): Standing {
  const { log } = house
  const book = bookOfAll()
  const { restore, forget } = installFetch({
    ...{ book, isPublicAddress, log },
    words: { redact: logger.redact, retryAfterMs },
  })
  const releases = [
    restore,
    guardFiles({ book, log, ...filesOfHouse(resolve(config.dataDir)) }),
    guardConsole(log, config.logContent),
  ]
  return {
    forget,
    async takeDown() {
      for (const release of releases.reverse()) await release()
    },
  }
}

/** Not the folder as a whole: the key of all secrets lies there. */
export const filesOfHouse = (dataFolder: string) => ({
  open: [pluginsFolder(dataFolder)],
  internal: [join(realPath(dataFolder), 'pglite')],
})

/** An agent runs in one house of a process. */
const bookOfAll = (): Pick<PermissionBook, 'of'> => ({
  of(scope) {
    const books = [...houses].map(({ book }) => book)
    const own = books.find((book) => book.knows(scope.agentId)) ?? books[0]
    if (!own) throw new Error('No house of plugins is open.')
    return own.of(scope)
  },
})

/** It may not be there yet, and it may be behind a link. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
