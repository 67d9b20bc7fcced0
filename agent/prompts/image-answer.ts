import { storableText } from '../../schema/text.ts'
import type { Described } from '../attachments.ts'
import { withoutReasoning } from './reasoning.ts'
import { childText, type Grammar, parseElements } from './xml.ts'

const GRAMMAR: Grammar = { '': ['response'], response: ['title', 'description', 'text'] }

const MAX_TITLE = 200

/**
 * Reads an answer to `imageDescriptionTemplate`: the fields of the last `<response>`, fields without
 * one, or prose, which then is the description. Undefined when nothing was said.
 */
export function parseImageAnswer(answer: string): Described | undefined {
  const text = withoutReasoning(storableText(answer)).trim()
  const blocks = parseElements(text, GRAMMAR)
  const found = blocks.length > 0 ? blocks : parseElements(`<response>${text}</response>`, GRAMMAR)
  const block = found.findLast((one) => childText(one, 'description') !== '')
  const description = block ? childText(block, 'description') : proseIn(text)
  if (description === '') return undefined
  const title = block ? childText(block, 'title').slice(0, MAX_TITLE) : ''
  const written = block ? childText(block, 'text') : ''
  return {
    description,
    ...(title === '' ? {} : { title }),
    ...(written === '' ? {} : { text: written }),
  }
}

/** Without tags that were begun and say nothing. */
const proseIn = (text: string): string =>
  text.replace(/<\/?(?:response|title|description|text)\s*\/?>/gi, ' ').trim()
