import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import type { Figure } from './figures.ts'
import { openHouse } from './house.ts'
import { measureFloor } from './rows/floor.ts'
import { measureHistory } from './rows/history.ts'
import { measureLongRoom } from './rows/long-room.ts'
import { measurePlugins } from './rows/plugins.ts'
import { measureCancel, measureRecovery, measureWarmStart } from './rows/recovery.ts'
import { measureRecoveryTable, recoveryTable } from './rows/recovery-table.ts'
import { measureReply } from './rows/reply.ts'
import { measureRooms } from './rows/rooms.ts'
import { measureSoak } from './rows/soak.ts'
import { measureStatements } from './rows/statements.ts'
import { createTwoChunkScript, measureFirstToken } from './rows/stream.ts'
import { createTokenScript, measureTokens } from './rows/tokens.ts'

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '15' },
    soak: { type: 'string', default: '2500' },
    messages: { type: 'string', default: '5000' },
    port: { type: 'string', default: '3970' },
    kills: { type: 'string', default: '3' },
    /** Comma-separated groups: floor, fast, stream, statements, plugins, long, soak, recovery. */
    only: { type: 'string', default: 'floor,fast,stream,statements,plugins,long,soak,recovery' },
  },
})
const groups = new Set(values.only.split(','))
const port = Number(values.port)
const turns = Number(values.turns)

const say = (text: string) => process.stderr.write(`${text}\n`)

/** Rows of one house, which is stopped whatever happens. */
async function inHouse(
  options: Parameters<typeof openHouse>[0],
  measure: (house: Awaited<ReturnType<typeof openHouse>>) => Promise<Figure[]>,
): Promise<Figure[]> {
  const house = await openHouse(options)
  try {
    return await measure(house)
  } finally {
    await house.stop()
  }
}

async function measureAll(): Promise<Figure[]> {
  const figures: Figure[] = []
  const add = async (name: string, work: () => Promise<Figure[]>) => {
    if (!groups.has(name)) return
    say(`Measuring: ${name} …`)
    figures.push(...(await work()))
  }
  await add('floor', () => measureFloor(Math.min(turns, 200)))
  await add('fast', () =>
    inHouse({ port }, async (house) => [
      ...(await measureReply(house, turns)),
      ...(await measureRooms(house, Number(values.seconds))),
      ...(await measureHistory(house)),
      ...(await measureWarmStart(house)),
    ]),
  )
  const twoChunks = createTwoChunkScript()
  await add('stream', () =>
    inHouse({ port, script: twoChunks.script }, async (house) => [
      ...(await measureFirstToken(house, Math.min(turns, 100), twoChunks.release)),
      ...(await measureCancel(house)),
      ...(await measureRecovery(house, twoChunks.release)),
    ]),
  )
  const tokens = createTokenScript()
  await add('stream', () =>
    inHouse({ port, script: tokens.script }, (house) => measureTokens(house, tokens.sent)),
  )
  await add('statements', () => measureStatements(port, Math.min(turns, 100)))
  await add('plugins', () => measurePlugins(port, Math.min(turns, 100)))
  await add('long', () =>
    inHouse({ port }, (house) => measureLongRoom(house, Number(values.messages), 100)),
  )
  await add('soak', () => inHouse({ port }, (house) => measureSoak(house, Number(values.soak))))
  return figures
}

/** A table of its own, with two figures per line. */
async function measureRecoveries(): Promise<Figure[]> {
  say('Measuring: recovery …')
  const lines = await measureRecoveryTable(Number(values.kills), say)
  process.stdout.write(`\n${recoveryTable(lines)}\n`)
  return lines
}

function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, budget, measured, isMet }) => [
    what,
    budget,
    measured,
    isMet === undefined ? '–' : isMet ? 'yes' : 'NO',
  ])
  const all = [['what', 'budget', 'measured', 'met'], ...rows]
  return all
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
    .replace('\n', '\n| --- | --- | --- | --- |\n')
}

const figures = await measureAll()
if (figures.length > 0) process.stdout.write(`${table(figures)}\n`)
const recovery = groups.has('recovery') ? await measureRecoveries() : []
const result = {
  date: new Date().toISOString(),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  machine: {
    cores: cpus().length,
    model: cpus()[0]?.model,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
  },
  figures: [...figures, ...recovery],
}
const folder = new URL('./results/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(
  new URL(`${result.date.slice(0, 19).replaceAll(':', '')}-${result.commit}.json`, folder),
  `${JSON.stringify(result, null, 2)}\n`,
)
