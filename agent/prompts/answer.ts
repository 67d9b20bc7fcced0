import { storableText } from '../../schema/text.ts'
import { ANSWER_FIELDS, ANSWER_GRAMMAR } from './answer-grammar.ts'
import { answerFromJson, looksLikeJsonAnswer } from './answer-json.ts'
import { parametersIn } from './answer-parameters.ts'
import { namesIn } from './names-in-answer.ts'
import type { ParsedAnswer } from './parsed-answer.ts'
import { withoutReasoning } from './reasoning.ts'
import { childText, childTexts, parseElements, type XmlElement } from './xml.ts'
import { findTags } from './xml-tags.ts'

/**
 * Reads a model's answer. Takes time linear in its length. The rules, in order:
 *
 * 1. What it thinks aloud before (`<think>…</think>`) is dropped.
 * 2. The last closed `<response>` that says or does something wins, else the last unclosed one. Prose
 *    and code fences around it are dropped. Without any known element its content is the text.
 * 3. Fields without a `<response>` count when the answer begins with one or has two of them.
 * 4. A JSON object with `text` or `actions`, also in a code fence. A broken one is unreadable.
 * 5. All else is prose: the text, as it is.
 *
 * Undefined when nothing is said and nothing is to be done: the answer is empty or only a thought.
 */
export function parseAnswer(answer: string): ParsedAnswer | undefined {
  const whole = withoutReasoning(storableText(answer))
  const text = whole.trim()
  if (text === '') return undefined
  // Not of the trimmed text: a blank behind a `<` tells that it is no tag that was cut off.
  const blocks = parseElements(whole, ANSWER_GRAMMAR).filter((block) => isBlock(block, text))
  if (blocks.length > 0) return bestOf(blocks)
  const bare = withoutFence(text)
  if (hasBareFields(bare)) return bestOf(parseBareFields(bare))
  const json = answerFromJson(bare)
  if (json || looksLikeJsonAnswer(bare)) return json
  return proseAnswer(text)
}

/** A `<response>` that is only talked about, in the middle of prose, is none. */
function isBlock(block: XmlElement, answer: string): boolean {
  if (block.children.length > 0) return true
  return block.isClosed || answer.startsWith('<')
}

/** Complete when its last field is: there is no closing tag of the whole to look for. */
function parseBareFields(fields: string): XmlElement[] {
  const blocks = parseElements(`<response>${fields}`, ANSWER_GRAMMAR)
  return blocks.map((block) => ({ ...block, isClosed: block.children.at(-1)?.isClosed === true }))
}

function bestOf(blocks: readonly XmlElement[]): ParsedAnswer | undefined {
  const answers = blocks
    .map(fromBlock)
    .filter(({ text, actions }) => text !== '' || actions.length > 0)
  return answers.findLast(({ isComplete }) => isComplete) ?? answers.at(-1)
}

function fromBlock(block: XmlElement): ParsedAnswer {
  return {
    thought: childText(block, 'thought'),
    actions: namesIn(listed(block, 'actions', 'action')),
    providers: namesIn(listed(block, 'providers', 'provider')),
    text: block.children.length > 0 ? childText(block, 'text') : block.text,
    simple: childText(block, 'simple').toLowerCase() === 'true',
    ...parametersIn(childText(block, 'params') || childText(block, 'parameters')),
    form: 'xml',
    isComplete: block.isClosed,
  }
}

/** `<actions>A, B</actions>`, `<actions><action>A</action></actions>` or a bare `<action>A</action>`. */
function listed(block: XmlElement, list: string, item: string): string[] {
  const lists = block.children.filter((child) => child.name === list)
  const items = lists.flatMap((element) =>
    element.children.length > 0 ? childTexts(element, item) : [element.text],
  )
  return items.some((text) => text !== '') ? items : childTexts(block, item)
}

function hasBareFields(text: string): boolean {
  const opens = findTags(text, ANSWER_FIELDS).filter((tag) => !tag.isClose)
  return opens[0]?.start === 0 || new Set(opens.map((tag) => tag.name)).size > 1
}

/** The content of an answer that is one code fence as a whole, closed or cut off. */
function withoutFence(text: string): string {
  const open = /^```[a-z]{0,10}[^\S\n]{0,10}\n/i.exec(text)
  if (!open) return text
  const end = text.endsWith('```') && text.length > open[0].length ? -3 : undefined
  return text.slice(open[0].length, end).trim()
}

/** Closing tags of an answer whose beginning was forgotten. */
const STRAY_END = /\s?<\/(?:text|response)>\s?$/i

function proseAnswer(prose: string): ParsedAnswer | undefined {
  const text = prose.replace(STRAY_END, '').replace(STRAY_END, '').trim()
  if (text === '') return undefined
  const nothing = { thought: '', actions: [], providers: [], simple: false }
  return { ...nothing, text, form: 'prose', isComplete: true }
}
