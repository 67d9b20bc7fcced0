import type { ActionExample, ActionParameter } from '../../agent/action.ts'
import { listParameters } from '../define/schema-parameters.ts'
import { isStandardSchema } from '../define/standard-schema.ts'
import { isObject, plainObject } from './plain-json.ts'

const MAX_PARAMETERS = 50

/** ElizaOS 2.x's list, or an object schema of any library that speaks Standard Schema. */
export function parametersOf(given: unknown): readonly ActionParameter[] {
  const listed: readonly unknown[] = isStandardSchema(given)
    ? listParameters(given)
    : Array.isArray(given)
      ? given
      : []
  return listed.slice(0, MAX_PARAMETERS).flatMap((item) => {
    if (!isObject(item) || typeof item.name !== 'string' || item.name === '') return []
    const { name, description, required, schema } = item
    return [
      {
        name,
        description: typeof description === 'string' ? description : '',
        ...(required === true && { required: true }),
        ...(isObject(schema) && { schema: plainObject(schema).json }),
      },
    ]
  })
}

/** Conversations in ElizaOS's form, the older `{ user }`, and 2.x's `{ examples }`. */
export function examplesOf(given: unknown): readonly (readonly ActionExample[])[] {
  if (!Array.isArray(given)) return []
  return given.flatMap((group: unknown) => {
    const messages = isObject(group) ? group.examples : group
    if (!Array.isArray(messages)) return []
    const read = messages.flatMap(exampleOf)
    return read.length > 0 ? [read] : []
  })
}

function exampleOf(message: unknown): ActionExample[] {
  if (!isObject(message)) return []
  const { content } = message
  const name = [message.name, message.user].find((value) => typeof value === 'string')
  if (!isObject(content) || typeof content.text !== 'string') return []
  const actions = textsIn(content.actions ?? content.action)
  return [
    {
      name: typeof name === 'string' ? name : '{{name1}}',
      content: { text: content.text, ...(actions.length > 0 && { actions }) },
    },
  ]
}

/** A list of texts, or one text. */
export function textsIn(given: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  return list.filter((item) => typeof item === 'string' && item !== '') as string[] // just filtered
}

export const textOf = (given: unknown): string => (typeof given === 'string' ? given : '')
