import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { openDataFolder } from '../../bin/data-folder.ts'
import { type LineProcess, startLineProcess } from '../support/line-process.ts'

const STARTER = new URL('./open-data-folder.ts', import.meta.url)

let parent: string
let folder: string
let starters: LineProcess[]

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'turnkeeper-folder-'))
  folder = join(parent, 'deep', 'data')
  starters = []
})

afterEach(async () => {
  await Promise.all(starters.map((starter) => starter.kill('SIGKILL')))
  rmSync(parent, { recursive: true, force: true })
})

/** Lets them race: each has loaded everything and waits for the word. */
async function race(count: number): Promise<string[]> {
  const racing = Array.from({ length: count }, () => startLineProcess(STARTER, [folder]))
  starters.push(...racing)
  await Promise.all(racing.map((starter) => starter.nextLine()))
  for (const starter of racing) starter.write('go')
  return Promise.all(racing.map((starter) => starter.nextLine()))
}

describe('opening the data folder', () => {
  it('makes the folder, for its owner only', async () => {
    const opened = await openDataFolder(folder)
    expect(statSync(opened.path).mode & 0o777).toBe(0o700)
    opened.release()
  })

  it('leaves no probe behind', async () => {
    const opened = await openDataFolder(folder)
    expect(readdirSync(folder).sort()).toEqual(['holder.json', 'turnkeeper.lock'])
    opened.release()
  })

  it('can be done again after a release', async () => {
    const first = await openDataFolder(folder)
    first.release()
    first.release()
    const second = await openDataFolder(folder)
    second.release()
  })
})

describe('the lock', () => {
  it('refuses a second start and says who, since when, where, and what to do', async () => {
    expect(await race(1)).toEqual(['won'])
    const pid = starters[0]?.child.pid
    const refusal = openDataFolder(folder)
    await expect(refusal).rejects.toMatchObject({ code: 'data_folder_in_use', pid, path: folder })
    await expect(refusal).rejects.toThrow(`'${folder}' is in use: the process ${pid} has used it`)
    await expect(refusal).rejects.toThrow(/since \d{4}-\d\d-\d\dT.*--data-dir or TURNKEEPER_DATA_/)
  })

  it('refuses a second start in the same process', async () => {
    const first = await openDataFolder(folder)
    await expect(openDataFolder(folder)).rejects.toMatchObject({ pid: process.pid })
    await expect(openDataFolder(folder)).rejects.toMatchObject({ pid: process.pid })
    first.release()
  })

  it('is still held after a refused start', async () => {
    const first = await openDataFolder(folder)
    await expect(openDataFolder(folder)).rejects.toThrow('is in use')
    expect(await race(1)).toEqual([expect.stringContaining('lost')])
    first.release()
  })

  it('is free again after its holder was killed by SIGKILL', async () => {
    await race(1)
    await starters[0]?.kill('SIGKILL')
    const next = await openDataFolder(folder)
    next.release()
  })

  it.each([
    ['an empty folder', async () => {}],
    [
      'what a killed holder left',
      async () => {
        await race(1)
        await starters[0]?.kill('SIGKILL')
      },
    ],
  ])('lets exactly one of eight racing starters win on %s', async (_name, prepare) => {
    await prepare()
    const outcomes = await race(8)
    expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1)
    const losses = outcomes.filter((outcome) => outcome.startsWith('lost The data folder'))
    expect(losses).toHaveLength(7)
  })
})

describe('a folder that cannot be used', () => {
  it('is named when a file is in its place', async () => {
    writeFileSync(join(parent, 'file'), '')
    const opening = openDataFolder(join(parent, 'file', 'data'))
    await expect(opening).rejects.toMatchObject({ code: 'data_folder_unusable' })
    await expect(opening).rejects.toThrow(/file\/data' cannot be used: a file is in the way/)
  })

  const onDisk = canMount() ? it : it.skip

  onDisk('is named when its file system is read-only', async () => {
    await withDisk('size=1m,ro', async (disk) => {
      await expect(openDataFolder(disk)).rejects.toThrow(
        `The data folder '${disk}' cannot be used: its file system is read-only.`,
      )
    })
  })

  onDisk('is named when its disk is full', async () => {
    await withDisk('size=1m', async (disk) => {
      expect(() => writeFileSync(join(disk, 'ballast'), Buffer.alloc(2_000_000))).toThrow('ENOSPC')
      await expect(openDataFolder(disk)).rejects.toThrow(
        `The data folder '${disk}' cannot be used: its disk is full.`,
      )
    })
  })

  onDisk('is named when its disk has too little space to begin with', async () => {
    await withDisk('size=2m', async (disk) => {
      await expect(openDataFolder(disk)).rejects.toThrow(/its disk has [12] MB free, and at least/)
    })
  })
})

async function withDisk(options: string, use: (disk: string) => Promise<void>): Promise<void> {
  const disk = mkdtempSync(join(parent, 'disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk], { stdio: 'pipe' })
  try {
    await use(disk)
  } finally {
    execFileSync('umount', [disk])
  }
}

/** Needs rights that a test may not have; root, whom permissions do not stop, has them. */
function canMount(): boolean {
  const disk = mkdtempSync(join(tmpdir(), 'turnkeeper-mount-'))
  try {
    mkdirSync(join(disk, 'd'))
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(disk, 'd')], { stdio: 'pipe' })
    execFileSync('umount', [join(disk, 'd')])
    return true
  } catch {
    return false
  } finally {
    rmSync(disk, { recursive: true, force: true })
  }
}
