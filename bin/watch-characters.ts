import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Editors write a file in several steps. */
const SETTLE_MS = 200

/**
 * Calls `onChange` when one of the files, or a file in one of the folders, has changed, and never while
 * it still runs. A path that does not exist is not watched.
 * @returns ends the watch
 */
export function watchCharacters(
  paths: readonly string[],
  onChange: () => Promise<void>,
): () => void {
  const pending = createPending(onChange)
  const watchers = paths.flatMap((path) => watcherOf(path, pending.touch))
  return () => {
    pending.stop()
    for (const watcher of watchers) watcher.close()
  }
}

/** Of a file its folder is watched: editors replace files, and a watch of the old one hears nothing. */
function watcherOf(path: string, touch: () => void): FSWatcher[] {
  if (!existsSync(path)) return []
  const isFolder = statSync(path).isDirectory()
  const file = resolve(path)
  const folder = isFolder ? file : dirname(file)
  const watcher = watch(folder, { recursive: isFolder }, (_event, name) => {
    if (name === null || isFolder ? !isForeign(name ?? '') : resolve(folder, name) === file) touch()
  })
  watcher.on('error', () => watcher.close()) // the folder went: nothing is left to hear
  return [watcher]
}

const isForeign = (name: string) => /(^|[\\/])(node_modules|\.[^\\/]+)([\\/]|$)/.test(name)

function createPending(work: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  let isRunning = false
  let isStopped = false
  const touch = () => {
    clearTimeout(timer)
    if (!isStopped) timer = setTimeout(() => void run(), SETTLE_MS)
  }
  const run = async () => {
    if (isRunning) return touch()
    isRunning = true
    await work().finally(() => {
      isRunning = false
    })
  }
  const stop = () => {
    isStopped = true
    clearTimeout(timer)
  }
  return { touch, stop }
}
