import type { GenerateParams } from '../../agent/models.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { generateParams, jsonSchemaIn, membersOf, textIn } from './text-params.ts'

export interface ObjectQuestion {
  readonly params: GenerateParams
  /** What the plugin asked for, out of what the model wrote. */
  read(answer: Json): unknown
}

/**
 * ElizaOS's ObjectGenerationParams. Vendors take schemas of objects alone, so a list and a choice are
 * asked for as a member of one, and taken out of it.
 */
export function objectQuestion(given: unknown): ObjectQuestion {
  const members = membersOf(given)
  const params = generateParams(given, undefined)
  const schema = jsonSchemaIn(members.schema)
  const values = Array.isArray(members.enumValues) ? members.enumValues.filter(textIn) : []
  if (members.output === 'enum' && values.length > 0) return choice(params, values)
  if (members.output === 'array') return list(params, schema)
  const json = schema ? { schema } : {}
  return { params: { ...params, json }, read: (answer) => answer }
}

function choice(params: GenerateParams, values: readonly string[]): ObjectQuestion {
  const wanted = `Answer with JSON: {"result": one of ${JSON.stringify(values)}}`
  return {
    params: asked(params, wanted, { result: { type: 'string', enum: [...values] } }),
    read: (answer) => taken(answer, 'result'),
  }
}

function list(params: GenerateParams, items: JsonObject = {}): ObjectQuestion {
  const wanted = 'Answer with JSON: {"elements": [the list]}'
  return {
    params: asked(params, wanted, { elements: { type: 'array', items } }),
    read: (answer) => taken(answer, 'elements'),
  }
}

const asked = (params: GenerateParams, wanted: string, properties: JsonObject): GenerateParams => ({
  ...params,
  prompt: `${params.prompt}\n\n${wanted}`,
  json: {
    schema: {
      ...{ type: 'object', properties, required: Object.keys(properties) },
      additionalProperties: false,
    },
  },
})

/** Models that heed no schema answer with the thing itself. */
const taken = (answer: Json, member: string): unknown =>
  typeof answer === 'object' && answer !== null && !Array.isArray(answer) && member in answer
    ? answer[member]
    : answer
