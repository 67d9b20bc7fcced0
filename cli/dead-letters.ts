import type { z } from 'zod'
import type { deadLetter, deadLetterDetails } from '../schema/dead-letters-api.ts'
import type { Paint } from './paint.ts'
import { printable, printableLine } from './printable.ts'
import { renderTrace } from './trace.ts'

type Letter = z.output<typeof deadLetter>
type Details = z.output<typeof deadLetterDetails>
type Act = Details['acts'][number]

/** Of a message or a reason, in a list. */
const SHOWN_CHARACTERS = 80

/** One block of three lines per dead letter. Foreign text in it is printable. */
export function renderDeadLetters(letters: readonly Letter[], paint: Paint): string {
  return letters.map((letter) => block(letter, paint).join('\n')).join('\n')
}

function block(letter: Letter, paint: Paint): string[] {
  const { turnId, at, text } = letter
  const mark = letter.deadLetter === 'open' ? paint.bad : paint.dim
  return [
    `${paint.name(turnId)}  ${mark(standing(letter))}  ${new Date(at).toISOString()}`,
    `  said     ${cut(text ?? '(the message is gone)')}`,
    `  reason   ${cut(reasonOf(letter))}`,
  ]
}

/** What became of it: `open`, `skipped`, or `retried` with how the turn stands now. */
export function standing({ deadLetter, state, gen }: Letter): string {
  return deadLetter === 'retried' ? `retried, generation ${gen} is ${state}` : deadLetter
}

function reasonOf({ code, error, hasUnknownEffect }: Letter): string {
  const unknown = hasUnknownEffect ? 'an action may have happened or not' : null
  return [code, error, unknown].filter((part) => part !== null).join(': ') || 'none was noted'
}

/** Everything about one: the message, what was done, and what the turn did. */
export function renderDeadLetter(details: Details, paint: Paint): string {
  const { message, acts, turn } = details
  const first = acts.find(({ originalText }) => originalText !== null)?.originalText
  const edited = first == null ? [] : ['', paint.name('Said at first'), printable(first)]
  return [
    ...block(details, paint),
    ...['', paint.name('Message'), printable(message.content ?? '(it is gone)')],
    ...edited,
    ...(acts.length > 0 ? ['', paint.name('Done about it'), ...acts.map(renderAct)] : []),
    ...['', renderTrace(turn, paint)],
  ].join('\n')
}

function renderAct({ act, at, by, comment, gen, code }: Act): string {
  const what = act === 'retry' ? 'retried' : 'skipped'
  const note = comment === null ? '' : `: ${comment}`
  const line = `${new Date(at).toISOString()}  ${what} by ${by} after generation ${gen} (${code ?? 'unknown'})${note}`
  return `  ${printableLine(line)}`
}

function cut(text: string): string {
  const line = printableLine(text)
  const characters = [...line]
  return characters.length > SHOWN_CHARACTERS
    ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…`
    : line
}
