import type OpenAI from 'openai'
import type { ModelRequest, ModelVendor, SamplingParams } from '../agent/models.ts'
import type { VendorIdentity } from './vendor-endpoint.ts'

/** What some copies of the wire know besides OpenAI's own. */
interface Extras {
  readonly top_k?: number
  readonly min_p?: number
  readonly repetition_penalty?: number
  readonly usage?: { readonly include: true }
}

export type ChatParams = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming & Extras

/** How one vendor speaks OpenAI's wire. */
export interface OpenaiDialect {
  /** Of the ModelVendor. */
  readonly name: string
  readonly identity: VendorIdentity
  /** OpenAI refuses `max_tokens` for its reasoning models; older copies know only that name. */
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens'
  /** Parameters that this model of the vendor takes; the others are left out. */
  readonly takes: (model: string) => readonly (keyof SamplingParams)[]
  /** Whether a JSON Schema can be imposed on the model; else the schema is told in words. */
  readonly hasJsonSchema: (model: string) => boolean
  /** In every chat request. */
  readonly extras?: Extras
  /** In a chat request that offers tools. */
  readonly withTools?: (model: string) => Pick<ChatParams, 'reasoning_effort'>
  /** What the vendor says that a call has cost, in US dollars; not checked. @default it does not say */
  readonly costOf?: (usage: Readonly<Record<string, unknown>>) => unknown
  readonly offers: readonly Exclude<keyof ModelVendor, 'name' | 'generate'>[]
  /** How pictures are asked for: at an address of their own, or in a chat. @default images */
  readonly draws?: 'images' | 'chat'
  /** What is said of a picture's size (`1024x1536`). @default it is called `size` */
  readonly sizeOf?: (size: string) => Readonly<Record<string, string>>
  /** @default alloy, as mp3 */
  readonly speech?: { readonly voice: string; readonly format: 'mp3' | 'wav' }
}

/** Everything that OpenAI's own API has a name for. */
export const OPENAI_SAMPLING = [
  'temperature',
  'topP',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'stopSequences',
] as const

/** Longer lists are refused by OpenAI and its copies. */
const MOST_STOP_SEQUENCES = 4

/** The sampling of a request by the wire's names, as far as its model takes it. */
export function samplingOf(request: ModelRequest, dialect: OpenaiDialect): Partial<ChatParams> {
  const taken = new Set(dialect.takes(request.model))
  const take = <K extends keyof SamplingParams>(name: K): SamplingParams[K] =>
    taken.has(name) ? request[name] : undefined
  const stop = take('stopSequences')?.slice(0, MOST_STOP_SEQUENCES)
  const all = {
    [dialect.tokenLimit]: request.maxTokens,
    temperature: take('temperature'),
    top_p: take('topP'),
    top_k: take('topK'),
    min_p: take('minP'),
    seed: take('seed'),
    repetition_penalty: take('repetitionPenalty'),
    frequency_penalty: take('frequencyPenalty'),
    presence_penalty: take('presencePenalty'),
    stop: stop?.length ? stop : undefined,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
