import { isDeepStrictEqual } from 'node:util'
import { structuredPatch } from 'diff'
import type { ComparedAction, TurnDiff } from '../../api/forks-port.ts'
import type { Side } from './turn-side.ts'

/** Lines around a change, as `diff -u` shows them. */
const CONTEXT_LINES = 3

/** Time for one comparison, in milliseconds: it holds up every other request of the process. */
const LIMIT_MS = 200

/** A longer difference is cut off here; the prompts themselves are in the traces of the two turns. */
const MAX_LINES = 2_000

export type Comparison = Pick<TurnDiff, 'before' | 'after' | 'prompt' | 'actions' | 'text'>

/** What is different, in the order in which it happened. */
export const compareTurns = (before: Side, after: Side): Comparison => ({
  before: before.turn,
  after: after.turn,
  prompt: unifiedDiff(before.prompt, after.prompt),
  actions: compareActions(before.actions, after.actions),
  text: {
    before: before.text,
    after: after.text,
    diff: unifiedDiff(before.text ?? '', after.text ?? ''),
  },
})

/** Lines of a unified diff without file names; none when the texts are the same. */
export function unifiedDiff(before: string, after: string): string[] {
  if (before === after) return []
  const options = { context: CONTEXT_LINES, timeout: LIMIT_MS }
  const patch = structuredPatch('', '', before, after, undefined, undefined, options)
  if (!patch) return shortened([...lines('-', before), ...lines('+', after)]) // the time was up
  return shortened(
    patch.hunks.flatMap((hunk) => [
      `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
      ...hunk.lines.filter((line) => !line.startsWith('\\')), // that no line break follows at the end
    ]),
  )
}

const lines = (sign: string, text: string) => text.split('\n').map((line) => sign + line)

function shortened(all: string[]): string[] {
  const left = all.length - MAX_LINES
  return left > 0 ? [...all.slice(0, MAX_LINES), `… ${left} more lines`] : all
}

/** Of actions with one name, the first belongs to the first. */
function compareActions(
  before: readonly ComparedAction[],
  after: readonly ComparedAction[],
): TurnDiff['actions'] {
  const rest = [...before]
  const added: string[] = []
  const changed: TurnDiff['actions']['changed'][number][] = []
  for (const { action, parameters } of after) {
    const index = rest.findIndex((other) => other.action === action)
    const [same] = index < 0 ? [] : rest.splice(index, 1)
    if (!same) added.push(action)
    else if (!isDeepStrictEqual(same.parameters, parameters)) {
      changed.push({ action, before: same.parameters, after: parameters })
    }
  }
  const removed = rest.map(({ action }) => action)
  return { before, after, added, removed, changed }
}
