import { parametersIn } from './answer-parameters.ts'
import { namesIn } from './names-in-answer.ts'
import type { ParsedAnswer } from './parsed-answer.ts'

/** An answer as a JSON object with the fields of the XML, `{"response": {…}}` included. */
export function answerFromJson(text: string): ParsedAnswer | undefined {
  const json = text.startsWith('{') ? parse(text) : undefined
  if (!json) return undefined
  const fields = isObject(json.response) ? json.response : json
  const answer: ParsedAnswer = {
    thought: textOf(fields.thought),
    actions: namesIn(textsOf(fields.actions ?? fields.action)),
    providers: namesIn(textsOf(fields.providers)),
    text: textOf(fields.text),
    simple: fields.simple === true,
    ...parametersIn(fields.params ?? fields.parameters),
    form: 'json',
    isComplete: true,
  }
  return answer.text !== '' || answer.actions.length > 0 ? answer : undefined
}

/** An object with our fields that cannot be used: it must not be said aloud, its thoughts are in it. */
export const looksLikeJsonAnswer = (text: string): boolean =>
  text.startsWith('{') && /"(?:thought|text|actions)"\s{0,10}:/.test(text)

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string')
