import type { TurnContext } from './context.ts'

/** What providers gave, merged. `text` is for the prompt, `values` fills its placeholders. */
export interface State {
  readonly values: Readonly<Record<string, unknown>>
  readonly data: Readonly<Record<string, unknown>>
  readonly text: string
}

export interface ProviderResult {
  readonly text?: string
  readonly values?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, unknown>>
}

/** Puts context into a prompt. */
export interface Provider {
  readonly name: string
  readonly description?: string
  /** Only when asked for by name. */
  readonly dynamic?: boolean
  /** Never listed to the model. */
  readonly private?: boolean
  /** Ascending order of the texts. @default 0 */
  readonly position?: number
  /** Without it there is nothing to answer: its failure fails the step, which is retried. */
  readonly required?: boolean
  /** One of ours: known to finish within the time of a Local Activity. */
  readonly builtIn?: boolean
  get(context: TurnContext, state: State): Promise<ProviderResult>
}

/** What one provider did in a turn, for the trace. */
export interface ProviderTrace {
  readonly name: string
  readonly ms: number
  /** Length of its text. */
  readonly chars: number
  /** Why it gave nothing: it threw, or its time was up. */
  readonly error?: string
}
