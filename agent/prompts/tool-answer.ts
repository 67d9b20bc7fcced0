import type { FinishReason, ToolCall } from '../models.ts'
import { parseAnswer } from './answer.ts'
import { createThoughtFilter } from './leading-thoughts.ts'
import type { AnswerTools } from './tool-specs.ts'
import { escapeText } from './xml-text.ts'

/** Renders what a model says and calls into the XML that a model without tools would have written. */
export interface ToolAnswer {
  /** Takes the next piece of the model's text; renders what is certain. */
  push(delta: string): void
  /**
   * Takes the calls, and the text where none came before; returns the whole answer. What was cut off
   * (`length`) is left unclosed.
   */
  end(result: {
    readonly text?: string
    readonly finishReason: FinishReason
    readonly toolCalls?: readonly ToolCall[]
  }): string
  /** All that was rendered so far. */
  rendered(): string
  /** The model's own text so far, without its thoughts: what a continuation goes on from. */
  plain(): string
}

/** A model that writes our XML although nobody asked: its own text is read as such. */
const OWN_XML = /^(?:```[a-z]{0,10}\s{0,10})?<(?:response|thought|actions|text)[\s>]/i
const MAYBE_XML = /^(?:`{1,3}|```[a-z]{0,10}\s{0,10}(?:<[a-z]{0,8})?|<[a-z]{0,8})$/i

/**
 * The text comes first, because it streams; the actions follow when they are known. Whoever speaks
 * replies: with text, REPLY stands among the actions and IGNORE does not, since it was shown already.
 * What the model thinks aloud before it is dropped. Nothing said and nothing called gives ''.
 *
 * @param onText called with each further piece of the XML
 */
export function createToolAnswer(tools: AnswerTools, onText: (xml: string) => void): ToolAnswer {
  const thoughts = createThoughtFilter()
  let form: 'unknown' | 'text' | 'xml' = 'unknown'
  let held = ''
  let plain = ''
  let rendered = ''
  let hasText = false
  const emit = (xml: string) => {
    if (xml === '') return
    rendered += xml
    onText(xml)
  }
  const take = (text: string, isLast = false) => {
    plain += text
    if (form === 'xml') return emit(text)
    if (form === 'text') return emit(escapeText(text))
    held += text
    if (held === '' || (!isLast && MAYBE_XML.test(held))) return
    form = OWN_XML.test(held) ? 'xml' : 'text'
    emit(form === 'xml' ? held : `<response>\n<text>${escapeText(held)}`)
  }
  const push = (delta: string) => {
    hasText ||= delta !== ''
    take(thoughts.push(delta))
  }
  return {
    push,
    end({ text = '', toolCalls = [], finishReason }) {
      if (!hasText) push(text)
      take(thoughts.end(), true)
      const calls = toolCalls.map(tools.read)
      const tail = finishReason === 'length' ? '' : '</response>'
      if (form === 'text') emit(`</text>\n${actionsXml(['REPLY'], calls, true)}${tail}`)
      else if (calls.length > 0) emit(afterNoText(rendered, calls, tail))
      return rendered
    },
    rendered: () => rendered,
    plain: () => plain,
  }
}

/** Calls without text, or behind XML that the model wrote itself, whose text and actions they join. */
function afterNoText(own: string, calls: readonly ToolCall[], tail: string): string {
  const said = own === '' ? undefined : parseAnswer(own)
  const text = said?.text ? `<text>${escapeText(said.text)}</text>\n` : ''
  const actions = actionsXml(said?.actions ?? [], calls, text !== '')
  return `${own === '' ? '' : '\n'}<response>\n${text}${actions}${tail}`
}

function actionsXml(
  before: readonly string[],
  calls: readonly ToolCall[],
  hasText: boolean,
): string {
  const called = calls.map(({ name }) => name).filter((name) => !hasText || name !== 'IGNORE')
  const names = [...new Set([...before, ...called])]
  const actions = names.length > 0 ? `<actions>${escapeText(names.join(', '))}</actions>\n` : ''
  const parameters = parametersText(calls.filter(({ name }) => name !== 'IGNORE'))
  return parameters === '' ? actions : `${actions}<params>${escapeText(parameters)}</params>\n`
}

/**
 * By the name of each action, also where it has none, so that nobody else's are taken for its own. A
 * call without a JSON object, and a second call of one action, stand under names that no action has:
 * the reader then says that they were not used.
 */
function parametersText(calls: readonly ToolCall[]): string {
  const byName = new Map<string, ToolCall['arguments']>()
  for (const { name, arguments: given } of calls) {
    if (byName.has(name)) byName.set(`${name}: a second call`, given ?? {})
    else byName.set(name, given ?? {})
    if (given === undefined) byName.set(`${name}: no JSON object`, {})
  }
  const isEmpty = [...byName].every(([name, given]) => isBare(name, given, calls))
  return isEmpty ? '' : JSON.stringify(Object.fromEntries(byName))
}

const isBare = (name: string, given: ToolCall['arguments'], calls: readonly ToolCall[]): boolean =>
  Object.keys(given ?? {}).length === 0 && calls.some((call) => call.name === name)
