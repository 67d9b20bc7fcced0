/** ElizaOS's model types for text. The others join with their vendors. */
export type ModelPurpose = 'TEXT_SMALL' | 'TEXT_LARGE'

export interface GenerateParams {
  readonly prompt: string
  readonly system?: string
  /** In tokens. */
  readonly maxTokens?: number
  readonly temperature?: number
  readonly stopSequences?: readonly string[]
}

export interface ModelRequest extends GenerateParams {
  /** The vendor's name of the model. */
  readonly model: string
  readonly purpose: ModelPurpose
}

export type FinishReason = 'stop' | 'length' | 'content-filter' | 'unknown'

export interface ModelUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Part of `inputTokens` that the vendor served from its cache. */
  readonly cachedTokens?: number
}

export interface ModelResult {
  readonly text: string
  readonly finishReason: FinishReason
  /** Absent when the vendor sent none: the ledger row is then `unknown`. */
  readonly usage?: ModelUsage
  /** US dollars; null when the price is unknown. */
  readonly cost: number | null
}

export interface GenerateOptions {
  /** Aborting it ends the vendor's request at once; `generate` then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Called with each piece of text as it arrives, in order. */
  readonly onText: (delta: string) => void
}

/**
 * A vendor of models. One file each under `models/`.
 *
 * @throws {ModelError} anything the vendor says or fails to say; whether a retry makes sense is
 * decided there, where the status is known. Vendor clients retry 0 times.
 */
export interface ModelVendor {
  /** Short, for ledger and API: `openai`, `eliza`. */
  readonly name: string
  generate(request: ModelRequest, options: GenerateOptions): Promise<ModelResult>
}

/** A vendor, and the model of it that answers a purpose. */
export interface ResolvedModel {
  readonly vendor: ModelVendor
  readonly model: string
}

/** Chooses the vendor and model for an agent's purpose: explicit settings, then keys, then ELIZA. */
export interface ModelRouter {
  /** @throws {ModelNotConfiguredError} the settings name a vendor that has no key. */
  resolve(purpose: ModelPurpose, settings: Readonly<Record<string, unknown>>): ResolvedModel
  /** For status pages: which vendor answers by default, and whether it is only the built-in ELIZA. */
  describe(): { readonly vendor: string; readonly model: string; readonly isBuiltIn: boolean }
}
