import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isNativeError } from 'node:util/types'
import { z } from 'zod'
import { type CachedBinary, store } from './binary-cache.ts'
import { untarEntry } from './untar.ts'
import { unzipEntry } from './unzip.ts'

/** Where the Temporal SDK's own test environment asks for the CLI. */
export const OFFICIAL_DOWNLOAD_URL = 'https://temporal.download'

export interface OfficialDownload {
  readonly baseUrl: string
  /** Until the first answer. Without it, a network that drops packets costs minutes. */
  readonly connectLimitMs: number
  /** Without a byte of the archive. */
  readonly stallLimitMs: number
  /** Node's `platform-arch`. */
  readonly target: string
  readonly cache: CachedBinary
}

const DownloadInfo = z.object({ archiveUrl: z.url(), fileToExtract: z.string().min(1) })

/** The version that the SDK of this release was tested with. */
const SDK = { 'sdk-name': 'sdk-typescript', 'sdk-version': '1.24.0' }

/**
 * Fetches the official CLI into the cache and returns its path. No hash is published, so the
 * connection vouches for it; from then on the cache's own record does.
 */
export async function fetchOfficial(download: OfficialDownload): Promise<string> {
  const info = await fetchInfo(download)
  const directory = await mkdtemp(join(tmpdir(), 'turnkeeper-official-'))
  try {
    const archive = join(directory, 'archive')
    await fetchFile(info.archiveUrl, archive, download)
    const unpack = isZip(info.archiveUrl) ? unzipEntry : untarEntry
    return await store(download.cache, (path) => unpack(archive, info.fileToExtract, path))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function fetchInfo(download: OfficialDownload) {
  const [platform = '', arch = ''] = download.target.split('-')
  const url = new URL('cli/default', `${download.baseUrl}/`)
  url.search = new URLSearchParams({
    arch: arch === 'x64' ? 'amd64' : arch,
    platform: platform === 'win32' ? 'windows' : platform,
    format: 'tar.gz',
    ...SDK,
  }).toString()
  const watch = watchdog(download.connectLimitMs)
  try {
    const response = await get(url.href, watch)
    return DownloadInfo.parse(await response.json())
  } finally {
    watch.stop()
  }
}

async function fetchFile(url: string, path: string, limits: OfficialDownload): Promise<void> {
  const watch = watchdog(limits.stallLimitMs)
  try {
    const { body } = await get(url, watch)
    if (!body) throw new Error(`${url} answered without a body.`)
    const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        watch.reset()
        yield chunk
      }
    }
    await pipeline(body, watched, createWriteStream(path), { signal: watch.signal })
  } finally {
    watch.stop()
  }
}

async function get(url: string, { signal }: Watchdog): Promise<Response> {
  const response = await fetch(url, { signal }).catch((error: Error) => {
    const reason = isNativeError(error.cause) ? error.cause.message : error.message
    throw new Error(`${url}: ${reason}`, { cause: error })
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`)
  return response
}

interface Watchdog {
  readonly signal: AbortSignal
  reset(): void
  stop(): void
}

/** Aborts when it was not reset for `limitMs`. */
function watchdog(limitMs: number): Watchdog {
  const controller = new AbortController()
  const bite = () => controller.abort(new Error(`no answer within ${limitMs / 1000} s`))
  const timer = setTimeout(bite, limitMs)
  return {
    signal: controller.signal,
    reset: () => timer.refresh(),
    stop: () => clearTimeout(timer),
  }
}

function isZip(url: string): boolean {
  return new URL(url).pathname.endsWith('.zip')
}
