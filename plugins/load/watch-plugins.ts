import { type FSWatcher, watch } from 'node:fs'
import { sep } from 'node:path'

/** An editor writes a file in several steps, and a formatter once more. */
const QUIET_MS = 150

export interface PluginWatch {
  close(): void
}

export interface WatchOptions {
  /** Told once for each burst of changes; a folder that can no longer be watched is told of as well. */
  readonly onChange: (folder: string) => void
  /** How long nothing more must change. @default 150 */
  readonly quietMs?: number
}

/** Watches the sources of plugins: not their node_modules, nothing hidden, and nothing that is no code. */
export function watchPlugins(
  folders: readonly string[],
  { onChange, quietMs = QUIET_MS }: WatchOptions,
): PluginWatch {
  const timers = new Map<string, NodeJS.Timeout>()
  const changed = (folder: string) => {
    clearTimeout(timers.get(folder))
    timers.set(
      folder,
      setTimeout(() => onChange(folder), quietMs),
    )
  }
  const watchers = folders.map((folder) => watchFolder(folder, () => changed(folder)))
  return {
    close() {
      for (const watcher of watchers) watcher.close()
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

function watchFolder(folder: string, changed: () => void): FSWatcher {
  // `persistent: false`: watching keeps no process alive.
  const watcher = watch(folder, { recursive: true, persistent: false, ignore: isIgnored })
  watcher.on('change', (_kind, file) => {
    if (file === null || isSource(String(file))) changed()
  })
  // The folder is gone.
  watcher.on('error', changed)
  return watcher
}

/** Databases and logs may lie in the same folder, and change all the time. */
const isSource = (file: string): boolean =>
  !isIgnored(file) && /\.(?:[cm]?[jt]sx?|json)$/.test(file)

const isIgnored = (file: string): boolean =>
  file.split(sep).some((part) => part === 'node_modules' || (part.startsWith('.') && part !== '.'))
