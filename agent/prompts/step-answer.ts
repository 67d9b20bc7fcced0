import type { JsonObject } from '../../schema/json.ts'
import { storableText } from '../../schema/text.ts'
import { parametersIn } from './answer-parameters.ts'
import { namesIn } from './names-in-answer.ts'
import { withoutReasoning } from './reasoning.ts'
import { childText, childTexts, type Grammar, parseElements, type XmlElement } from './xml.ts'

/** What a model answered to `multiStepDecisionTemplate`. Names are as it wrote them. */
export interface StepAnswer {
  readonly thought: string
  /** '' when it names none. */
  readonly action: string
  readonly parameters?: JsonObject
  /** Why parameters that it gave cannot be used. */
  readonly parametersFault?: string
  readonly providers: readonly string[]
  readonly isFinish: boolean
}

const FIELDS = ['action', 'actions', 'parameters', 'params', 'providers', 'isFinish', 'isFinished']
const GRAMMAR: Grammar = {
  '': ['response'],
  response: ['thought', 'text', ...FIELDS],
  actions: ['action'],
  providers: ['provider'],
}

/**
 * Reads one step: the last `<response>` that has a field of it, fields without one, or a JSON object.
 * Undefined when it says nothing of what to do next.
 */
export function parseStep(answer: string): StepAnswer | undefined {
  const text = withoutReasoning(storableText(answer)).trim()
  const blocks = parseElements(text, GRAMMAR)
  const found = blocks.length > 0 ? blocks : parseElements(`<response>${text}</response>`, GRAMMAR)
  const block = found.findLast(({ children }) => children.some(({ name }) => name !== 'thought'))
  return block ? fromBlock(block) : fromJson(text)
}

function fromBlock(block: XmlElement): StepAnswer {
  const [action = ''] = namesIn(listed(block, 'actions', 'action'))
  return {
    thought: childText(block, 'thought'),
    action,
    providers: namesIn(listed(block, 'providers', 'provider')),
    isFinish: isTrue(childText(block, 'isFinish') || childText(block, 'isFinished')),
    ...parametersIn(childText(block, 'parameters') || childText(block, 'params')),
  }
}

function listed(block: XmlElement, list: string, item: string): string[] {
  const lists = block.children.filter(({ name }) => name === list)
  const items = lists.flatMap((one) =>
    one.children.length > 0 ? childTexts(one, item) : [one.text],
  )
  return [...items, ...childTexts(block, item)].filter((text) => text !== '')
}

function fromJson(text: string): StepAnswer | undefined {
  const fields = jsonIn(text)
  if (!fields || !FIELDS.some((field) => Object.hasOwn(fields, field))) return undefined
  const [action = ''] = namesIn(textsOf(fields.action ?? fields.actions))
  return {
    thought: textsOf(fields.thought)[0] ?? '',
    action,
    providers: namesIn(textsOf(fields.providers)),
    isFinish: isTrue(String(fields.isFinish ?? fields.isFinished ?? '')),
    ...parametersIn(fields.parameters ?? fields.params),
  }
}

function jsonIn(text: string): JsonObject | undefined {
  const bare = text.replace(/^```[a-z]{0,10}\s{0,10}/i, '').replace(/\s{0,10}```$/, '')
  if (!bare.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(bare)
    return value as JsonObject // it begins with a brace
  } catch {
    return undefined
  }
}

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string')

const isTrue = (text: string): boolean => ['true', 'yes', '1'].includes(text.toLowerCase())
