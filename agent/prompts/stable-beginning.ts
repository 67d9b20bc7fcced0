import type { State } from '../provider.ts'
import { composePrompt, type Template } from './compose-prompt.ts'

/** Stands for what changes; no Unicode character. */
const CHANGING = '\uFFFF'

/**
 * Length of the beginning of a prompt that the agent's next prompts will share, whatever template it
 * was made from: as far as it is the same with other values, and without any, for all that changes.
 *
 * @param stable what is the same in each turn; its `text` begins the text of `whole`
 */
export function stableBeginning(
  template: Template,
  { prompt, whole, stable }: { prompt: string; whole: State; stable: State },
): number {
  const fixed = stable.values
  const changing = Object.keys(whole.values).filter((name) => !Object.hasOwn(fixed, name))
  const filledWith = (text: string) =>
    composePrompt(template, {
      values: { ...Object.fromEntries(changing.map((name) => [name, text])), ...fixed },
      data: {},
      text: `${stable.text}${text}`,
    })
  const marked = filledWith(CHANGING)
  const length = Math.min(sharedLength(marked, filledWith('')), sharedLength(marked, prompt))
  return isHighSurrogate(prompt.charCodeAt(length - 1)) ? length - 1 : length
}

function sharedLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length += 1
  return length
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
