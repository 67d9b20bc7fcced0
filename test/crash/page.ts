import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { CellResult } from './cell.ts'
import { FAULTS } from './faults.ts'
import { POINTS } from './points.ts'
import { OTHER_DEDUPS } from './select-cells.ts'

const PAGE = fileURLToPath(new URL('../../docs/crash-matrix.md', import.meta.url))

/** Writes the table of points × faults. */
export async function writePage(results: readonly CellResult[], tookMs: number): Promise<void> {
  await writeFile(PAGE, pageOf(results, { tookMs, date: new Date() }))
}

export interface RunOfPage {
  readonly tookMs: number
  readonly date: Date
}

export function pageOf(results: readonly CellResult[], { tookMs, date }: RunOfPage): string {
  const red = results.filter(isRed)
  const day = date.toISOString().slice(0, 10)
  const minutes = (tookMs / 60_000).toFixed(1)
  return [
    '# The crash matrix',
    '',
    '<!-- Written by `npm run test:crash -- --write`. -->',
    '',
    `Run on ${day}: ${results.length} cells in ${minutes} minutes, ${red.length} of them red.`,
    '',
    ...INTRODUCTION,
    '',
    ...FAULTS.map(({ name, means }) => `- **${name}**: ${means}.`),
    '',
    ...TABLE_NOTE,
    '',
    ...tableOf(results.filter(({ dedup }) => dedup === 'nonce')),
    '',
    ...OTHER_PLATFORMS,
    '',
    ...otherTable(results),
    '',
    ...redCells(red),
    ...WHAT_IT_MEANS,
    '',
  ].join('\n')
}

const isRed = ({ violations }: CellResult) => violations.length > 0

const INTRODUCTION = [
  'What happens to a conversation when a process dies, sleeps or loses a connection at any of the places',
  'between "the platform delivered a message" and "the reply is visible and remembered". Every cell is a',
  'run with real processes: Postgres, a Temporal server, an `api` and two workers, a stub of the vendor',
  'that keeps its bill, and a chat platform that counts what a person sees. Three messages are sent into a',
  'room; each is answered by a model call, an action of effect `once`, one of effect `idempotent` that also',
  'says something, and an evaluator. One fault strikes the turn of the second message. When all is quiet,',
  'one function (`test/crash/invariants.ts`) checks the promises I1 to I8 against what the platform shows,',
  'what the vendor billed, what the actions did, and the rows of Postgres; and all three must be answered.',
  '',
  'The last points are those of an agent with a plugin as people bring them (`test/crash/foreign-plugin.ts`): a',
  'provider that writes and asks a model, two actions that write rows of three kinds, and two tasks that an',
  'action leaves behind. Of each there must be the rows of one run, or none where its outcome is unknown.',
  '',
  'The faults:',
]

const TABLE_NOTE = [
  'A number is the time in seconds from the fault until the turn had settled; in italics, until all was',
  'quiet, where it had settled before. It is information: machines differ, settings here are short',
  '(heartbeat 1.2 s, workflow task 2 s, sweep 1 s), and other cells ran at the same time. "–": the fault',
  'means nothing there.',
]

function tableOf(results: readonly CellResult[]): string[] {
  const cellOf = new Map(results.map((result) => [`${result.point} × ${result.fault}`, result]))
  const columns = FAULTS.map(({ name }) => name)
  return [
    `| point | where it stands | ${columns.join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(columns.length)}`,
    ...POINTS.map(({ name, means }) => {
      const cells = columns.map((fault) => shown(cellOf.get(`${name} × ${fault}`)))
      return `| \`${name}\` | ${means} | ${cells.join(' | ')} |`
    }),
  ]
}

const OTHER_PLATFORMS = [
  '## Platforms that do not know a key',
  '',
  'Above, the platform knows the key of a message and shows it once. Where a call is under way, others',
  'differ: `lookup` can be asked for our own messages, `reserve` lets a placeholder be edited, `none` can',
  'do neither, so that a message whose fate is unknown is sent again and may be seen twice. With `reserve` a',
  'placeholder whose id was lost stays; its words are seen once. More in [connectors.md](connectors.md).',
]

function otherTable(results: readonly CellResult[]): string[] {
  const others = results.filter(({ dedup }) => dedup !== 'nonce')
  const row = (point: string, fault: string) => {
    const inRow = others.filter((other) => other.point === point && other.fault === fault)
    if (inRow.length === 0) return []
    const cells = OTHER_DEDUPS.map((dedup) => shown(inRow.find((cell) => cell.dedup === dedup)))
    return [`| \`${point}\` | ${fault} | ${cells.join(' | ')} |`]
  }
  return [
    `| point | fault | ${OTHER_DEDUPS.join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(OTHER_DEDUPS.length)}`,
    ...POINTS.flatMap(({ name }) => FAULTS.flatMap((fault) => row(name, fault.name))),
  ]
}

function shown(result: CellResult | undefined): string {
  if (!result) return '–'
  if (isRed(result)) return '**red**'
  const seconds = (result.tookMs / 1_000).toFixed(1)
  return result.settledBefore ? `*${seconds}*` : seconds
}

function redCells(red: readonly CellResult[]): string[] {
  if (red.length === 0) return []
  const lines = red.map(
    ({ point, fault, violations }) => `- ${fault}, \`${point}\`: ${violations.join('; ')}`,
  )
  return ['## Red cells', '', ...lines, '']
}

const WHAT_IT_MEANS = [
  '## How to read some of the cells',
  '',
  '- **An action that sleeps right before its effect** has it when it wakes: nothing outside can be fenced. A',
  '  `once` action was journaled as unknown by then, which is what it is, and is not repeated; an `idempotent` one',
  '  was repeated under its key, which the service knows.',
  '- **An action whose answer is lost** fails, and its result says so. A `once` action that was killed anywhere',
  '  between its claim and its result is unknown, also where it had not begun.',
  '- **A model call** that died is paid again. Its row stays in the ledger as `unknown`.',
  '- **A plugin** writes with its step. Of a `once` action that was cut off nothing is left; one that failed keeps what',
  '  it wrote before. A task whose effect is `once` may end as unknown, and has written nothing then.',
]
