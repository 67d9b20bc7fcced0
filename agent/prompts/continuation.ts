import type { FinishReason } from '../models.ts'
import { parseAnswer } from './answer.ts'
import { createThoughtFilter } from './leading-thoughts.ts'
import { type OpenText, openText } from './open-text.ts'
import { createOverlap } from './overlap.ts'
import { createTextStream } from './text-stream.ts'
import { escapeText } from './xml-text.ts'

/** Joins what a continuing model writes to an answer that broke off. */
export interface Continuation {
  push(delta: string): void
  end(result?: { readonly finishReason: FinishReason }): Continued
}

export interface Continued {
  /**
   * It began anew and said something else, or less than the person has seen already, or it added
   * nothing at all: `text` is then the answer that broke off.
   */
  readonly hasDiverged: boolean
  /** The answer that broke off and all that was given to `onText`. */
  readonly text: string
}

/** Asks for the rest of an answer. The prompt stands first, so that its stable beginning stays. */
export const continuationPrompt = (prompt: string, partial: string): string =>
  `${prompt}

<unfinished_answer>
${partial}
</unfinished_answer>

Your answer broke off where unfinished_answer ends, and the person has read it. Write only what comes next, from the very next character on, and close the elements that are open. Do not begin anew, repeat nothing, explain nothing.
`

/** A beginning of a whole answer. `<actions>` is none: it may follow a text that was complete. */
const ANEW = /^(?:```[a-z]{0,10}\s{0,10})?<(response|thought|text)[\s>]/i
const MAYBE_ANEW = /^(?:`{1,3}|```[a-z]{0,10}\s{0,10}(?:<[a-z]{0,8})?|<[a-z]{0,8})$/i

/**
 * The continuing model may go on exactly, may repeat the last words (they are removed), or may begin
 * the whole answer anew: then only what goes beyond the text that was said is let through, if its
 * beginning is the same. Thoughts in front of it are dropped.
 *
 * @param partial the raw answer: our XML, or the plain text of a model that calls tools
 * @param onText called with each further piece of the raw answer; no character of `partial` comes twice
 */
export function createContinuation(partial: string, onText: (delta: string) => void): Continuation {
  const thoughts = createThoughtFilter('keep-blanks')
  const standing = openText(partial)
  let added = ''
  let hasDiverged = false
  const emit = (text: string) => {
    if (text === '' || hasDiverged) return
    added += text
    onText(text)
  }
  const overlap = createOverlap(partial, standing.place === 'text' ? standing.start : 0)
  let anew: ReturnType<typeof createAnew> | undefined
  let held: string | undefined = ''

  const take = (text: string, isLast = false) => {
    if (anew) return anew.push(text)
    if (held === undefined) return emit(text)
    held += text
    const begun = held.trimStart()
    if (ANEW.test(begun)) {
      anew = createAnew(standing, partial, emit)
      anew.push(begun)
      return
    }
    if (begun === '' || (!isLast && MAYBE_ANEW.test(begun))) return
    const repeated = overlap.find(begun, isLast)
    if (repeated === undefined) return
    hasDiverged = repeated === 0 && overlap.isAnew(begun)
    emit(repeated > 0 ? begun.slice(repeated) : held)
    held = undefined
  }
  return {
    push: (delta) => take(thoughts.push(delta)),
    end({ finishReason } = { finishReason: 'stop' }) {
      take(thoughts.end(), true)
      const isWhole = finishReason === 'stop' || finishReason === 'tool-calls'
      const isSame = anew?.end(isWhole) ?? true
      if (added === '') return { hasDiverged: true, text: partial }
      if (isSame && isWhole) emit(closing(partial + added))
      return { hasDiverged: false, text: partial + added }
    },
  }
}

/** What closes an answer whose model has said all it wanted, but not the last tags. */
function closing(answer: string): string {
  const { place, pending } = openText(answer)
  if (place === 'before') return ''
  const missing = place === 'text' ? '</text></response>' : '</response>'
  if (place === 'text') return missing.startsWith(pending) ? missing.slice(pending.length) : missing
  return /<\/response\s*>\s*$/i.test(answer) ? '' : missing
}

/** Reads an answer that was begun anew, against what was said already. */
function createAnew(standing: OpenText, partial: string, emit: (text: string) => void) {
  const isPlain = standing.place === 'before'
  const said = isPlain ? partial.trimStart() : standing.text
  const encode = isPlain ? (text: string) => text : escapeText
  const stream = createTextStream()
  let whole = ''
  let seen = ''
  let pending: string | undefined = isPlain ? '' : standing.pending
  let isSame = isPlain || standing.place === 'text' || standing.place === 'after'

  const compare = (visible: string, isLast = false) => {
    const before = Math.max(seen.length, said.length)
    seen += visible
    const length = Math.min(seen.length, said.length)
    isSame &&= seen.slice(0, length) === said.slice(0, length)
    if (!isSame || standing.place === 'after' || seen.length <= said.length) return
    if (pending === undefined) return emit(encode(seen.slice(before)))
    const rest = seen.slice(said.length)
    if (!isLast && rest.length < pending.length) return
    const form = [encode(rest), rest].find((text) => text.startsWith(pending ?? ''))
    isSame = form !== undefined
    if (form === undefined) return
    const isEscaped = form === encode(rest)
    emit(isEscaped ? form.slice(pending.length) : encode(form.slice(pending.length)))
    pending = undefined
  }
  return {
    push(text: string) {
      const opened = whole === '' && !/^[^<]*<response/i.test(text) ? `<response>${text}` : text
      whole += opened
      compare(stream.push(opened))
    },
    /** Whether the new answer says all that was said. Adds the actions, if there were none before. */
    end(isWhole: boolean): boolean {
      compare(stream.end(), true)
      if (!isSame || seen.length < said.trimEnd().length) return false
      if (isWhole && !isPlain) emit(laterFields(partial, whole, standing, pending ?? ''))
      return true
    },
  }
}

/** The end of the text and, where the first answer had not come to any, the actions of the second. */
function laterFields(partial: string, whole: string, standing: OpenText, pending: string): string {
  const [first, second] = [parseAnswer(partial), parseAnswer(whole)]
  const end = standing.place !== 'text' ? '' : '</text>\n'
  const close = end.startsWith(pending) ? end.slice(pending.length) : end
  if (!second || second.actions.length === 0 || (first?.actions.length ?? 0) > 0) return close
  const { actions, parameters } = second
  const given = parameters ? `<params>${escapeText(JSON.stringify(parameters))}</params>\n` : ''
  return `${close}<actions>${escapeText(actions.join(', '))}</actions>\n${given}`
}
