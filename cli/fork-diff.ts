import type { TurnDiff } from './fork.ts'
import type { Paint } from './paint.ts'
import { printable, printableLine } from './printable.ts'

type Side = TurnDiff['before']
type Action = TurnDiff['actions']['before'][number]

/** What a fork did otherwise, for a person. Foreign text in it is printable. */
export function renderDiff(diff: TurnDiff, paint: Paint): string {
  return [
    ...head(diff, paint),
    ...table(diff),
    ...titled(paint, 'Prompt', changes(diff.prompt, paint)),
    ...titled(paint, 'Actions', actions(diff, paint)),
    ...titled(paint, 'Text', text(diff, paint)),
  ].join('\n')
}

function head({ forkId, forkOf, from, model, character }: TurnDiff, paint: Paint): string[] {
  const how = [
    from === 'shouldRespond' ? 'from the beginning' : `from ${printableLine(from)}`,
    model === null ? '' : `with the model ${printableLine(model)}`,
    character === null ? '' : `as ${printableLine(character)}`,
  ]
  return [
    `${paint.name('Fork')} ${forkId}  ${how.filter((part) => part !== '').join(', ')}`,
    `  of turn   ${forkOf}`,
    '',
  ]
}

/** What they cost, side by side. */
function table({ before, after, model }: TurnDiff): string[] {
  const rows: [string, (side: Side) => string][] = [
    ['', (side) => (side === before ? 'original' : 'fork')],
    ['state', ({ state, code }) => [state, code].filter((part) => part !== null).join(' ')],
    ['model', ({ models }) => models.map(printableLine).join(', ') || 'not called'],
    ['tokens', ({ inputTokens, outputTokens }) => `${inputTokens} in, ${outputTokens} out`],
    ['model time', ({ modelMs }) => ms(modelMs)],
    ['turn time', ({ latencyMs }) => (latencyMs === null ? '-' : ms(latencyMs))],
    ['cost', dollars],
  ]
  const width = Math.max(...rows.map(([, cell]) => cell(before).length))
  const lines = rows.map(([name, cell]) =>
    `  ${name.padEnd(10)}  ${cell(before).padEnd(width)}  ${cell(after)}`.trimEnd(),
  )
  const reason = after.error === null ? [] : [`  reason      ${printableLine(after.error)}`]
  return [...lines, ...reason, ...unheard(model, after)]
}

/** The built-in ELIZA has no models to choose from. */
function unheard(model: string | null, { models }: Side): string[] {
  const isHeard =
    model === null || models.length === 0 || models.some((name) => name.endsWith(model))
  return isHeard
    ? []
    : [`  The model '${printableLine(model)}' was asked for, and another one answered.`]
}

function actions({ actions: { before, after, added, removed, changed } }: TurnDiff, paint: Paint) {
  const lines = after.map((action) => {
    const isNew = added.includes(action.action)
    return isNew ? paint.good(`+ ${outcome(action)}`) : `  ${outcome(action)}`
  })
  const gone = before.filter(({ action }) => removed.includes(action))
  const parameters = changed.flatMap(({ action, before: old, after: now }) => [
    `  parameters of ${printableLine(action)}`,
    paint.bad(`  - ${printableLine(JSON.stringify(old))}`),
    paint.good(`  + ${printableLine(JSON.stringify(now))}`),
  ])
  return [...gone.map((action) => paint.bad(`- ${outcome(action)}`)), ...lines, ...parameters]
}

function outcome({ action, dryRun, wouldAsk, success, error, said }: Action): string {
  const how = [
    dryRun ? 'not carried out: it has an effect' : '',
    wouldAsk ? 'would have asked first' : '',
    success === null ? 'did not end' : '',
    error ?? '',
    ...said.map((words) => `said: ${words}`),
  ].filter((part) => part !== '')
  return printableLine(how.length > 0 ? `${action} (${how.join('; ')})` : action)
}

function text({ text: { before, after, diff } }: TurnDiff, paint: Paint): string[] {
  if (before === null && after === null) return ['  neither said anything']
  return changes(diff, paint)
}

function changes(lines: readonly string[], paint: Paint): string[] {
  if (lines.length === 0) return ['  the same']
  return lines.map((line) => {
    const shown = printable(line)
    if (line.startsWith('+')) return paint.good(shown)
    if (line.startsWith('-')) return paint.bad(shown)
    return line.startsWith('@@') ? paint.dim(shown) : shown
  })
}

const titled = (paint: Paint, title: string, lines: readonly string[]) =>
  lines.length > 0 ? ['', paint.name(title), ...lines] : []

const ms = (value: number) =>
  value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`

const dollars = ({ cost, calls }: Side) => {
  if (calls === 0) return 'nothing'
  return cost === null ? 'unknown' : `$${cost.toFixed(6)}`
}
