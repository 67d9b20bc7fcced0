import { randomUUID } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { say } from '../client.ts'
import { type Figure, round } from '../figures.ts'
import type { House } from '../house.ts'
import { processTree, residentMib } from '../processes.ts'

const ROOMS = 8

/** Memory and disk over thousands of turns, after a warm-up. */
export async function measureSoak(house: House, turns: number): Promise<Figure[]> {
  const channels = Array.from({ length: ROOMS }, () => randomUUID())
  await run(house, channels, turns / 5)
  const before = await snapshot(house)
  await run(house, channels, turns)
  const after = await snapshot(house)
  const growth = round((after.resident / before.resident - 1) * 100, 1)
  const kib = round(((after.database - before.database) / turns) * 1024, 1)
  return [
    {
      what: `RSS over ${turns} turns after warm-up`,
      budget: 'flat (≤ 10 %)',
      measured: `${growth >= 0 ? '+' : ''}${growth} % (${round(before.resident)} → ${round(after.resident)} MiB)`,
      isMet: growth <= 10,
      numbers: {
        growthPercent: growth,
        beforeMib: round(before.resident),
        afterMib: round(after.resident),
      },
    },
    {
      what: 'database per turn (PGlite folder, WAL included)',
      budget: '≤ 20 KiB',
      measured: `${kib} KiB`,
      isMet: kib <= 20,
      numbers: { kib },
    },
  ]
}

async function run(house: House, channels: readonly string[], turns: number): Promise<void> {
  const each = Math.ceil(turns / channels.length)
  await Promise.all(
    channels.map(async (channel) => {
      for (let n = 0; n < each; n += 1) await say(house, channel, `message ${n} of many`)
    }),
  )
}

async function snapshot(house: House) {
  return {
    resident: residentMib(processTree(house.pid())),
    database: (await folderBytes(join(house.dataDir, 'pglite'))) / 1024 ** 2,
  }
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
