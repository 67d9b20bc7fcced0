import type { JsonObject } from '../schema/json.ts'
import type { MODEL_PURPOSES, TEXT_PURPOSES } from '../schema/model-purposes.ts'

export type TextPurpose = (typeof TEXT_PURPOSES)[number]

export type ModelPurpose = (typeof MODEL_PURPOSES)[number]

/** Their answers are no text: without the vendor's count nobody knows what they used. */
export const hasUncountedAnswer = (purpose: ModelPurpose): boolean =>
  purpose === 'IMAGE' || purpose === 'TEXT_TO_SPEECH'

/** A picture to look at. */
export type ImageInput =
  | { readonly kind: 'bytes'; readonly data: Uint8Array; readonly mimeType: string }
  /** The vendor fetches it. */
  | { readonly kind: 'url'; readonly url: string }

/** Something the model may call instead of writing its wish down. */
export interface ToolSpec {
  readonly name: string
  readonly description: string
  /** JSON Schema of type `object`. */
  readonly parameters: JsonObject
}

export interface ToolCall {
  readonly name: string
  /** Undefined when the model wrote no JSON object. */
  readonly arguments: JsonObject | undefined
}

/** How the answer is sampled. What a model does not know is left out by its vendor's file. */
export interface SamplingParams {
  /** Of the answer, in tokens. */
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly seed?: number
  readonly repetitionPenalty?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  readonly stopSequences?: readonly string[]
}

export interface GenerateParams extends SamplingParams {
  readonly prompt: string
  /**
   * Length of the beginning of `prompt`, in UTF-16 units, that the agent's next prompts share: vendors
   * that must be told what to cache are told this. @default 0, unknown
   */
  readonly stableLength?: number
  readonly system?: string
  readonly images?: readonly ImageInput[]
  readonly tools?: readonly ToolSpec[]
  /** The answer is one JSON value; of this JSON Schema where one is given. */
  readonly json?: { readonly schema?: JsonObject }
}

export interface ModelRequest extends GenerateParams {
  /** The vendor's name of the model. */
  readonly model: string
  readonly purpose: TextPurpose
}

/** `content-filter`: the vendor or the model refused; `unknown`: the stream ended without saying why. */
export type FinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'unknown'

export interface ModelUsage {
  /** Everything the vendor read, also what came from its cache. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Part of `inputTokens` that the vendor served from its cache. */
  readonly cachedTokens?: number
  /** Part of `inputTokens` that the vendor wrote to its cache, where that has a price of its own. */
  readonly cacheWriteTokens?: number
}

/** What every kind of answer says about its bill. */
export interface Billed {
  /** Absent when the vendor sent none: the ledger row is then `unknown`. */
  readonly usage?: ModelUsage
  /** US dollars as the vendor itself says; null when it does not: the price list then counts. */
  readonly cost: number | null
}

export interface ModelResult extends Billed {
  readonly text: string
  readonly finishReason: FinishReason
  readonly toolCalls?: readonly ToolCall[]
}

export interface CallOptions {
  /** Aborting it ends the vendor's request at once; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal
}

export interface GenerateOptions extends CallOptions {
  /** Called with each piece of text as it arrives, in order. */
  readonly onText: (delta: string) => void
}

export interface EmbedRequest {
  readonly model: string
  readonly texts: readonly string[]
  /** Length of the vectors, where the model lets one choose. */
  readonly dimensions?: number
}

export interface EmbedResult extends Billed {
  /** One per text, in order; all of one length. */
  readonly vectors: readonly (readonly number[])[]
}

export interface DrawRequest {
  readonly model: string
  readonly prompt: string
  /** `1024x1024`. */
  readonly size?: string
  /** @default 1 */
  readonly count?: number
}

export interface DrawResult extends Billed {
  /** `https:` or `data:` URLs. */
  readonly images: readonly { readonly url: string }[]
}

export interface TranscribeRequest {
  readonly model: string
  readonly audio: Uint8Array
  /** `audio/ogg`; vendors tell formats by it. */
  readonly mimeType: string
  /** Words that may occur. */
  readonly prompt?: string
}

export interface SpeakRequest {
  readonly model: string
  readonly text: string
  readonly voice?: string
  /** 1 is normal. */
  readonly speed?: number
}

export interface SpeakResult extends Billed {
  readonly audio: Uint8Array
  readonly mimeType: string
}

/**
 * A vendor of models, in one file under `models/`. What it does not offer it leaves out.
 *
 * @throws {ModelError} anything the vendor says or fails to say; whether a retry makes sense is
 * decided there, where the status is known. Vendor clients retry 0 times.
 */
export interface ModelVendor {
  /** Short, for ledger and API: `openai`, `eliza`. */
  readonly name: string
  generate(request: ModelRequest, options: GenerateOptions): Promise<ModelResult>
  embed?(request: EmbedRequest, options: CallOptions): Promise<EmbedResult>
  draw?(request: DrawRequest, options: CallOptions): Promise<DrawResult>
  transcribe?(request: TranscribeRequest, options: CallOptions): Promise<ModelResult>
  speak?(request: SpeakRequest, options: CallOptions): Promise<SpeakResult>
}

/** US dollars per million tokens. */
export interface ModelPrice {
  readonly input: number
  readonly output: number
  /** @default input */
  readonly cachedInput?: number
  /** @default input */
  readonly cacheWrite?: number
}

/** What is known about a model. */
export interface ModelCard {
  /** Tokens of prompt and answer together. */
  readonly contextTokens: number
  /** Nobody has described the model: prompts are shortened to `contextTokens`, but never refused by it. */
  readonly isGuess?: boolean
  /** Most tokens that one answer may have. */
  readonly maxOutputTokens: number
  /** Undefined: unknown, which is not 0. */
  readonly price?: ModelPrice
  /** Whether it takes tools. */
  readonly hasTools: boolean
  /** By the model's own tokenizer where there is one, else an estimate that is rather too high. */
  countTokens(text: string): number
  /** Loads the tokenizer: until then `countTokens` estimates. Absent where there is none to load. */
  ready?(): Promise<unknown>
}

/** What a vendor lets one account do. Undefined: no limit is set. */
export interface VendorLimits {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  /** Calls at the same time in one process. */
  readonly maxConcurrent: number
}

/** A vendor, and the model of it that answers a purpose. */
export interface ResolvedModel {
  readonly vendor: ModelVendor
  readonly model: string
  /** `api.openai.com`, `plugin:<name>`; empty for ELIZA. With vendor and model the breaker's key. */
  readonly host: string
  /** A fingerprint of the key that pays, never the key: rate limits count by it. */
  readonly account: string
  readonly limits: VendorLimits
  readonly card: ModelCard
  /** From settings such as TEXT_LARGE_TEMPERATURE; what the call says itself wins. */
  readonly sampling: SamplingParams
}

/** A plugin's own model, as ElizaOS's `models` has it. */
export interface ModelHandler {
  readonly plugin: string
  readonly purpose: ModelPurpose
  /** Higher first; 0 and above stand before the configured vendors. */
  readonly priority: number
  /**
   * Returns what ElizaOS's handler of that type returns: a text, a vector, `[{url}]`, bytes.
   * @param params as ElizaOS's parameters of that type
   */
  handler(params: unknown, options: HandlerOptions): Promise<unknown>
}

export interface HandlerOptions extends GenerateOptions {
  /** Takes what a vendor behind the handler said it used, where the answer itself does not say. */
  readonly onUsage?: (usage: ModelUsage) => void
}

/** The part of an agent that chooses models. */
export interface ModelChooser {
  readonly settings: Readonly<Record<string, unknown>>
  readonly models: readonly ModelHandler[]
}

/** Chooses vendors and models for an agent's purpose: explicit settings, plugins, keys, Ollama, ELIZA. */
export interface ModelRouter {
  /**
   * The first is asked; the others, in order, when it fails. Never empty.
   * @throws {ModelError} `model_not_configured`: no vendor offers the purpose, or the settings name one
   * that has no key; it says which variable to set.
   */
  chain(purpose: ModelPurpose, agent: ModelChooser): Promise<readonly ResolvedModel[]>
  /** For status pages: which vendor answers by default, and whether it is only the built-in ELIZA. */
  describe(): Promise<RouterDescription>
}

export interface RouterDescription {
  readonly vendor: string
  readonly model: string
  readonly isBuiltIn: boolean
  /** What stands behind it, as `vendor/model`. */
  readonly fallbacks: readonly string[]
  /** Why others, which the settings mean to stand behind it, do not. Absent: there are none. */
  readonly problems?: readonly string[]
}
