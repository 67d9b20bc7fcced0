import { storableText } from '../../../schema/text.ts'
import { namesIn } from '../../prompts/names-in-answer.ts'
import { withoutReasoning } from '../../prompts/reasoning.ts'
import { childText, type Grammar, parseElements, type XmlElement } from '../../prompts/xml.ts'

export interface Reflection {
  readonly facts: readonly ReflectedFact[]
  readonly relationships: readonly ReflectedRelationship[]
}

export interface ReflectedFact {
  readonly claim: string
  /** `fact`, `status`, `opinion`, or what else the model wrote. */
  readonly type: string
  readonly inBio: boolean
  readonly alreadyKnown: boolean
}

/** Ids, or names, as the model wrote them. */
export interface ReflectedRelationship {
  readonly source: string
  readonly target: string
  readonly tags: readonly string[]
}

const GRAMMAR: Grammar = {
  '': ['response'],
  response: ['thought', 'facts', 'relationships'],
  facts: ['fact'],
  fact: ['claim', 'type', 'in_bio', 'already_known'],
  relationships: ['relationship'],
  relationship: ['sourceEntityId', 'targetEntityId', 'tags', 'metadata'],
}

/** One reflection of a model that keeps to its task holds a handful; a claim is a sentence. */
const MAX_ITEMS = 50
const MAX_CLAIM_LENGTH = 1_000

/** Reads the nested XML of `reflectionTemplate`; undefined when it has neither of the two lists. */
export function parseReflection(answer: string): Reflection | undefined {
  const text = withoutReasoning(storableText(answer))
  const hasLists = (block: XmlElement) => block.children.some(({ name }) => name !== 'thought')
  const block =
    parseElements(text, GRAMMAR).findLast(hasLists) ??
    parseElements(`<response>${text}</response>`, GRAMMAR).findLast(hasLists)
  if (!block) return undefined
  return {
    facts: items(block, 'facts').map(readFact).filter(isClaim).slice(0, MAX_ITEMS),
    relationships: items(block, 'relationships').map(readRelationship).slice(0, MAX_ITEMS),
  }
}

const items = (block: XmlElement, name: string): readonly XmlElement[] =>
  block.children.filter((child) => child.name === name).flatMap((child) => child.children)

const readFact = (element: XmlElement): ReflectedFact => ({
  claim: childText(element, 'claim'),
  type: (childText(element, 'type') || 'fact').toLowerCase().slice(0, 50),
  inBio: isYes(childText(element, 'in_bio')),
  alreadyKnown: isYes(childText(element, 'already_known')),
})

const isClaim = ({ claim }: ReflectedFact): boolean =>
  claim !== '' && claim.length <= MAX_CLAIM_LENGTH

const readRelationship = (element: XmlElement): ReflectedRelationship => ({
  source: childText(element, 'sourceEntityId'),
  target: childText(element, 'targetEntityId'),
  tags: [...new Set(namesIn([childText(element, 'tags')]))],
})

const isYes = (text: string): boolean => ['true', 'yes'].includes(text.toLowerCase())
