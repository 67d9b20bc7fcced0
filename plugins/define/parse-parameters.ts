import type { ListedParameter } from './schema-parameters.ts'
import { issueSentences, type StandardSchema } from './standard-schema.ts'

export type Parsed<Output> =
  | { readonly value: Output }
  /** What is wrong, field by field, for the model that gave it. */
  | { readonly error: string }

/**
 * What a model gave, as the schema has it. Models that answer in XML give every value as text: a field that
 * is refused as text is tried as the number, truth value or JSON that its schema asks for.
 */
export async function parseParameters<Output>(
  schema: StandardSchema<Output>,
  listed: readonly ListedParameter[],
  given: unknown,
): Promise<Parsed<Output>> {
  const { validate } = schema['~standard']
  const first = await validate(given)
  if (!first.issues) return { value: first.value }
  const second = await validate(unquoted(given, listed))
  if (!second.issues) return { value: second.value }
  return { error: issueSentences(first.issues).join('; ') }
}

function unquoted(given: unknown, listed: readonly ListedParameter[]): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const types = new Map(listed.map(({ name, schema }) => [name, schema.type]))
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === 'string' && types.get(name) !== 'string' ? read(value) : value,
    ]),
  )
}

/** `5`, `true`, `["a"]`; anything else stays the text that it is. */
function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
