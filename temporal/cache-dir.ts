import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where fetched programs are kept, per user: `$XDG_CACHE_HOME/turnkeeper`, else the platform's
 * usual place. It can be deleted at any time; the next start fetches again.
 */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  return join(cacheHome(env), 'turnkeeper')
}

function cacheHome(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME
  const home = env.HOME ?? homedir()
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches')
  if (process.platform === 'win32') return env.LOCALAPPDATA ?? join(home, 'AppData', 'Local')
  return join(home, '.cache')
}
