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
  /**
   * A beginning of `text` that is the same in each turn of the agent. It stands before all that
   * changes, where vendors keep it in a cache. Of a `stable` provider it is the whole text.
   */
  readonly stableText?: string
  /** What it can do without when the prompt is longer than the model can read. @default nothing */
  readonly yields?: YieldingPieces
}

/** Pieces of a provider's text that give way, the least important first. */
export interface YieldingPieces {
  /** What they are, for the trace: `messages`, `documents`. */
  readonly kind: string
  /** Lower ones give way first. Messages have 10, documents 20. */
  readonly rank: number
  /** How many pieces there are. */
  readonly count: number
  /** So many give way only when those of all ranks are down to theirs. @default 0 */
  readonly reserve?: number
  /** With only the `count` most important pieces, or somewhat fewer. Says how many these are. */
  render(count: number): { readonly kept: number } & Pick<ProviderResult, 'text' | 'values'>
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
  /** All that it gives is the same in each turn of the agent: its text stands before all others. */
  readonly stable?: boolean
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
