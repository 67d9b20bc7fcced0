import type { ElizaComponentType } from '../contract.ts'
import { isStandardSchema, issueSentences } from '../define/standard-schema.ts'

/**
 * What is wrong with a component's data by the type of its name, in one sentence; undefined when nothing
 * is, or no plugin knows the type. A schema is asked where it is a Standard Schema, else `validator`.
 * What either throws counts as a refusal.
 */
export async function componentFault(
  types: readonly ElizaComponentType[],
  { type, data }: { readonly type: string; readonly data: unknown },
): Promise<string | undefined> {
  const known = types.find(({ name }) => name === type)
  if (!known) return undefined
  try {
    const fault = await faultOf(known, data)
    return fault && `The component of type '${type}' does not fit: ${fault}.`
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    return `The component of type '${type}' could not be checked: ${words}`
  }
}

async function faultOf({ schema, validator }: ElizaComponentType, data: unknown) {
  if (isStandardSchema(schema)) {
    const { issues } = await schema['~standard'].validate(data)
    return issues && issueSentences(issues).join('; ')
  }
  return validator && !validator(data) ? 'its validator refuses the data' : undefined
}
