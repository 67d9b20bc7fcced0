/**
 * What zod, valibot, arktype and others have in common (https://standardschema.dev): copies of several
 * versions of them meet in one process, so nothing here asks for a class.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema makes of a value. */
export type OutputOf<Schema> = Schema extends StandardSchema<infer Output> ? Output : never

/** Schemas are objects, of arktype functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (!isMembered(value)) return false
  const standard = value['~standard']
  return isMembered(standard) && typeof standard.validate === 'function'
}

/** `Readonly` members of an object or a function; false for everything that has none. */
export const isMembered = (value: unknown): value is Readonly<Record<string, unknown>> =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** One sentence for each thing that is wrong, with the field: `city: expected string`. */
export const issueSentences = (issues: readonly SchemaIssue[]): readonly string[] =>
  issues.map(({ message, path = [] }) => {
    const field = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return field === '' ? message : `${field}: ${message}`
  })
