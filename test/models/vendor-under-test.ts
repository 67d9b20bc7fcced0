import type { ModelVendor, SamplingParams } from '../../agent/models.ts'
import type { EndpointSettings, SettingNames } from '../../models/vendor-endpoint.ts'

/** Refusals that vendors tell apart; a stub sends each with the status and the body of its vendor. */
export const SCRIPTED_ERRORS = [
  'bad-key',
  'unknown-model',
  'bad-request',
  'prompt-too-long',
  'blocked',
  'out-of-quota',
  'rate-limit',
  'overloaded',
  'server-error',
] as const
export type ScriptedError = (typeof SCRIPTED_ERRORS)[number]

export interface ScriptedFailure {
  readonly error: ScriptedError
  /** In the body, instead of the stub's own words. */
  readonly message?: string
}

export interface ScriptedUsage {
  /** All that was read, what came from the cache included. */
  readonly input: number
  readonly output: number
  readonly cached?: number
}

/** A streamed answer. Left out fields mean: at once, well-formed, honest. */
export interface ScriptedText {
  readonly kind: 'text'
  /** As they are cut on the wire; may split a surrogate pair. None: an empty answer. */
  readonly chunks: readonly string[]
  /** Milliseconds before each chunk but the first. */
  readonly pauseMs?: number
  /** What the second chunk waits for. */
  readonly hold?: Promise<unknown>
  /** `none`: the stream ends in good order without saying why. @default 'stop' */
  readonly finish?: 'stop' | 'length' | 'content-filter' | 'none'
  /** @default some honest numbers */
  readonly usage?: ScriptedUsage | 'none' | 'zero'
  /**
   * After the chunks the socket is destroyed, the stream ends in good order without its last frames,
   * an error comes, nothing comes, or the last one for ever.
   */
  readonly ending?: 'break' | 'cut' | 'silence' | 'endless' | ScriptedFailure
}

export type ScriptedAnswer =
  | ScriptedText
  /** `pieces` of each call's arguments as they are cut on the wire; together they may be no JSON. */
  | {
      readonly kind: 'tools'
      readonly text?: string
      readonly calls: readonly { readonly name: string; readonly pieces: readonly string[] }[]
    }
  /** The model itself declines, in the manner that its vendor has for it. */
  | { readonly kind: 'refusal'; readonly text: string }
  | (ScriptedFailure & {
      readonly kind: 'error'
      /** @default none is sent */
      readonly retryAfterSeconds?: number
    })
  /** A web page, of a proxy or of a wrong address. */
  | { readonly kind: 'page'; readonly status: number }
  /** 200, and a whole JSON document that is none of the vendor's. */
  | { readonly kind: 'other-json' }
  /** A stream in good order whose frames have JSON of other shapes, or no JSON. */
  | { readonly kind: 'other-frames'; readonly frames: readonly string[] }
  /** The socket is destroyed before any byte. */
  | { readonly kind: 'break' }
  /** No byte ever comes. */
  | { readonly kind: 'silence' }
  /** A stream of one line that never ends. */
  | { readonly kind: 'endless-line' }
  /** One call of a tool after the other, for ever. */
  | { readonly kind: 'endless-tools' }
  /** 307: the same request shall be sent there. */
  | { readonly kind: 'redirect'; readonly to: string }

export interface SeenRequest {
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed JSON; of a form: its fields, files as `{ name, type, size }`. */
  readonly body: unknown
  /** `aborted`: the client hung up. `broken`: the stub did. */
  readonly state: 'open' | 'answered' | 'aborted' | 'broken'
}

/**
 * An HTTP server on loopback that speaks one vendor's wire. What is no text it answers by rule: a text's
 * vector is `[its length, 1, 0]`; every picture is the bytes of `stub-image` or the address of some;
 * speech is the bytes of `stub-audio`; a transcription is the chunks of the text answer.
 */
export interface StubVendor {
  readonly baseUrl: string
  /** From now on every request is answered so. @default a reply in our XML, with usage */
  answer(next: ScriptedAnswer): void
  requests(): readonly SeenRequest[]
  /** Resolves once the `n`th request (from 1) is here. */
  received(n: number): Promise<SeenRequest>
  /** Resolves once the `n`th request has been answered, aborted or broken. */
  ended(n: number): Promise<SeenRequest>
  close(): Promise<void>
}

/** Limits that every vendor file takes; all in one call. */
export interface TestedLimits {
  readonly firstChunkMs?: number
  readonly nextChunkMs?: number
  readonly maxAnswerLength?: number
  readonly maxAnswerBytes?: number
}

/** A vendor file, its stub, and what it does not do. What is declared is tested, what is not is too. */
export interface VendorSubject {
  /** Of the ModelVendor. */
  readonly name: string
  readonly model: string
  readonly names: SettingNames
  readonly create: (endpoint: EndpointSettings, limits?: TestedLimits) => ModelVendor
  readonly start: () => Promise<StubVendor>
  /** Where the key is in a request; undefined when the vendor wants none. */
  readonly keyOf: ((request: SeenRequest) => string | undefined) | undefined
  /** Errors that the vendor tells apart. */
  readonly errors: readonly ScriptedError[]
  /** Where a parameter is in the body (`options.top_p`); null: left out on purpose. */
  readonly sampling: Readonly<Record<keyof SamplingParams, string | null>>
  readonly offers: {
    readonly cachedTokens: boolean
    readonly tools: boolean
    /** Finds the JSON schema in the body; undefined: not offered. */
    readonly jsonSchema: ((body: unknown) => unknown) | undefined
    /** Kinds of pictures that it takes. */
    readonly images: readonly ('bytes' | 'url')[]
    readonly embed: boolean
    readonly draw: boolean
    readonly transcribe: boolean
    readonly speak: boolean
  }
}
