import type { z } from 'zod'
import type { turnTrace } from '../schema/api-answers.ts'
import { printableLine } from './printable.ts'

type Prompt = z.output<typeof turnTrace>['prompts'][number]

/** What is worth knowing of a turn's prompts without reading them: what was left out of them. */
export function promptNotes(prompts: readonly Prompt[]): string[] {
  return prompts.flatMap(({ step, gen, state }) => {
    const left = leftOut(state)
    const name = gen > 1 ? `${step} of generation ${gen}` : step
    return left === '' ? [] : [`  ${printableLine(`${name}  ${left}`)}`]
  })
}

/** `12 messages and 3 documents left out: 9500 tokens, and the model reads 6112`. */
function leftOut({ cut }: Prompt['state']): string {
  if (!isObject(cut)) return ''
  const { tokens, ...kinds } = cut
  const pieces = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`)
  const limits = isObject(tokens)
    ? `: it had ${tokens.before} tokens, ${tokens.limit} fit into the model, ${tokens.after} were sent`
    : ''
  return `${pieces.join(' and ')} left out${limits}`
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
