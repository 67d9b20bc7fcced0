import type { JsonObject } from '../../schema/json.ts'
import type { Action } from '../action.ts'
import type { ToolCall, ToolSpec } from '../models.ts'

/** Actions as a model's tools, and the way back from a call to the action that it means. */
export interface AnswerTools {
  readonly specs: readonly ToolSpec[]
  /** A call by the names of actions and parameters. A tool that was not offered keeps its name. */
  read(call: ToolCall): ToolCall
}

/** Said by the text itself, and by its absence. */
const NO_TOOLS: ReadonlySet<string> = new Set(['REPLY', 'NONE'])

/** What the strictest of the vendors takes, for tools and for their parameters. */
const MAX_NAME = 64
const NOT_IN_NAMES = /[^a-zA-Z0-9_-]/g
const MAX_DESCRIPTION = 1_024

/**
 * REPLY is the text that the model writes and NONE is no call, so neither is a tool; IGNORE is one.
 * Similes are not offered. Names that vendors refuse are changed, and changed back by `read`.
 */
export function toolSpecs(actions: readonly Action[]): AnswerTools {
  const offered = actions.filter(({ name }) => !NO_TOOLS.has(name))
  const actionOf = namedFor(offered.map(({ name }) => name))
  const parametersOf = new Map(
    offered.map(({ name, parameters = [] }) => [
      name,
      namedFor(parameters.map((parameter) => parameter.name)),
    ]),
  )
  const specs = offered.map((action) => ({
    name: written(actionOf, action.name),
    description: action.description.slice(0, MAX_DESCRIPTION),
    parameters: schemaOf(action, parametersOf.get(action.name) ?? new Map()),
  }))
  const read = (call: ToolCall): ToolCall => {
    const name = actionOf.get(call.name) ?? call.name
    const names = parametersOf.get(name)
    return names && call.arguments
      ? { name, arguments: renamed(call.arguments, names) }
      : { name, arguments: call.arguments }
  }
  return { specs, read }
}

function schemaOf({ parameters = [] }: Action, names: ReadonlyMap<string, string>): JsonObject {
  const properties = parameters.map(({ name, description, schema }) => [
    written(names, name),
    { type: 'string', ...schema, description },
  ])
  const required = parameters.filter((one) => one.required).map(({ name }) => written(names, name))
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  }
}

/** Own names by the names that vendors take; no two alike. */
function namedFor(names: readonly string[]): ReadonlyMap<string, string> {
  const byWritten = new Map<string, string>()
  for (const name of names) {
    const plain = name.replace(NOT_IN_NAMES, '_').slice(0, MAX_NAME) || '_'
    let one = plain
    for (let count = 2; byWritten.has(one); count += 1) {
      one = `${plain.slice(0, MAX_NAME - 4)}_${count}`
    }
    byWritten.set(one, name)
  }
  return byWritten
}

const written = (names: ReadonlyMap<string, string>, name: string): string =>
  [...names].find(([, own]) => own === name)?.[0] ?? name

const renamed = (given: JsonObject, names: ReadonlyMap<string, string>): JsonObject =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [names.get(key) ?? key, value]))
