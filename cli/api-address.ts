import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../schema/config.ts'
import type { ApiOptions } from './api-client.ts'

/** Where `dev` says it listens. Written by `bin/commands/dev.ts`. */
export const SERVER_FILE = 'server.json'

/**
 * The API to speak to: the one that is named, else the `dev` that runs in this data folder (it may
 * have taken another port), else the configured host and port.
 */
export function apiAddress(config: Config): ApiOptions {
  const running = runningUrl(config.dataDir)
  const address = config.apiUrl ?? running ?? configuredUrl(config)
  return { baseUrl: address.replace(/\/+$/, ''), apiKey: config.authToken }
}

function configuredUrl({ serverHost, serverPort }: Config): string {
  // Bound to every address means reachable here by the loopback one.
  const here: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }
  const host = here[serverHost] ?? (serverHost.includes(':') ? `[${serverHost}]` : serverHost)
  return `http://${host}:${serverPort}`
}

/** Undefined when no `dev` runs there: no file, not ours, or its process is gone. */
function runningUrl(dataDir: string): string | undefined {
  try {
    const file: unknown = JSON.parse(readFileSync(join(dataDir, SERVER_FILE), 'utf8'))
    if (typeof file !== 'object' || file === null) return undefined
    const { url, pid } = file as { url?: unknown; pid?: unknown } // checked on the next line
    if (typeof url !== 'string' || typeof pid !== 'number') return undefined
    process.kill(pid, 0)
    return url
  } catch {
    return undefined
  }
}
