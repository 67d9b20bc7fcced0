import type { JsonObject } from '../../schema/json.ts'

/** What a model answered, as far as it can be read. Names are as it wrote them. */
export interface ParsedAnswer {
  readonly thought: string
  readonly actions: readonly string[]
  /** Providers it wants to see before it answers. */
  readonly providers: readonly string[]
  /** What is said; '' when nothing is. */
  readonly text: string
  readonly simple: boolean
  /** Parameters as it wrote them: by the name of their action, or those of its only action. */
  readonly parameters?: JsonObject
  /** Why parameters that it gave cannot be used. */
  readonly parametersFault?: string
  /** What the answer looked like. `prose` is taken as the text itself. */
  readonly form: 'xml' | 'json' | 'prose'
  /** False when the answer seems to have been cut off. */
  readonly isComplete: boolean
}
