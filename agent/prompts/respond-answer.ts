import { storableText } from '../../schema/text.ts'
import { comparable, namesIn } from './names-in-answer.ts'
import { withoutReasoning } from './reasoning.ts'
import { childText, type Grammar, parseElements } from './xml.ts'

const GRAMMAR: Grammar = { '': ['response'], response: ['name', 'reasoning', 'action'] }

const DECISIONS: ReadonlyMap<string, 'respond' | 'ignore'> = new Map([
  ['respond', 'respond'],
  ['reply', 'respond'],
  ['ignore', 'ignore'],
  ['none', 'ignore'],
  // In ElizaOS 1.7 STOP makes the agent speak.
  ['stop', 'ignore'],
])

/**
 * Reads an answer to `shouldRespondTemplate`: `<action>` of the last `<response>`, fields without one,
 * or the bare word. Undefined when it says neither: the caller then stays silent.
 */
export function parseRespondAnswer(answer: string): 'respond' | 'ignore' | undefined {
  const text = withoutReasoning(storableText(answer)).trim()
  const blocks = parseElements(text, GRAMMAR)
  const found = blocks.length > 0 ? blocks : parseElements(`<response>${text}</response>`, GRAMMAR)
  const actions = found.map((block) => childText(block, 'action')).filter((action) => action !== '')
  return DECISIONS.get(comparable(namesIn([actions.at(-1) ?? text])[0] ?? ''))
}
