import type { PaidAnswer } from '../agent/ledger.ts'
import type {
  FinishReason,
  GenerateParams,
  ModelResult,
  ResolvedModel,
  SamplingParams,
  TextPurpose,
} from '../agent/models.ts'
import type { AnswerTools } from '../agent/prompts/tool-specs.ts'
import {
  type CallPlace,
  callVendors,
  type InvokeOptions,
  type VendorCall,
  type VendorPorts,
} from './call-vendor.ts'
import { createSpokenAnswer, type SpokenAnswer, type TextResult } from './spoken-answer.ts'

export interface ModelCall extends CallPlace {
  readonly purpose: TextPurpose
  readonly params: GenerateParams
  /** The model calls them; what it says and calls is rendered as the XML of the other models. */
  readonly tools?: AnswerTools
  /** Where the text goes while the model still writes. */
  readonly listener?: TextListener
}

/** Somebody who reads along. */
export interface TextListener {
  /** An answer begins, perhaps anew: what was pushed before is void. */
  begin(): void
  push(delta: string): void
  /** Whether a person has seen some of what was pushed: it is then continued, not begun anew. */
  isVisible(): boolean
}

export interface ModelAnswer {
  readonly text: string
  readonly finishReason: FinishReason
  /** A stream died after the person had read some of it, and could not be continued. */
  readonly isBroken?: boolean
}

/**
 * One question to the models of a purpose, as text. A stream that dies before anybody has seen a
 * character of it is begun anew with the next model; after that the next one continues it, and when that
 * fails what was seen is the answer, marked as broken.
 * @throws {ModelError} with `retryable` false once the step has failed often enough.
 */
export async function callModel(ports: VendorPorts, call: ModelCall): Promise<ModelAnswer> {
  const spoken = createSpokenAnswer(call)
  const result = await callVendors(ports, textCall(call, spoken))
  const { text, finishReason } = result
  return result.isBroken ? { text, finishReason, isBroken: true } : { text, finishReason }
}

function textCall(call: ModelCall, spoken: SpokenAnswer): VendorCall<TextResult> {
  const { params, listener, tools, ...rest } = call
  return {
    ...rest,
    input: () =>
      [
        params.system ?? '',
        spoken.prompt(),
        tools ? JSON.stringify(tools.specs) : '',
        params.json?.schema ? JSON.stringify(params.json.schema) : '',
      ].join(''),
    inputExtra: (target, isReserved) =>
      (params.images?.length ?? 0) * imageTokens(target, isReserved),
    maxTokens: params.maxTokens,
    invoke: (target, options) => generate(target, call, spoken, options),
    record: ({ text, finishReason }) => ({ text, finishReason }),
    restore: (paid) => restored(paid, listener),
    whole: () => spoken.whole(),
    again: () => spoken.wantsContinuation(),
    salvage: () => spoken.salvage(),
  }
}

/** What most models count for a large picture. */
const TOKENS_PER_IMAGE = 2_500

/**
 * Under a budget the dearest counts: models differ by the factor of ten, new ones come without a word
 * about it, and reserving too much for a moment is better than missing a bill. Public reports name up to
 * 5,000 for a picture; `gpt-4o-mini` alone has 2,833 and 5,667 more for each of up to eight tiles.
 */
const MOST_PER_IMAGE = 9_000
const MOST_PER_IMAGE_OF_4O_MINI = 48_200

function imageTokens({ model }: ResolvedModel, isReserved: boolean): number {
  if (!isReserved) return TOKENS_PER_IMAGE
  return /4o-mini/.test(model) ? MOST_PER_IMAGE_OF_4O_MINI : MOST_PER_IMAGE
}

async function generate(
  target: ResolvedModel,
  { params, purpose }: ModelCall,
  spoken: SpokenAnswer,
  { signal, maxTokens, note }: InvokeOptions,
): Promise<ModelResult> {
  const { onText, finish, ...asked } = spoken.begin()
  const request = {
    ...target.sampling,
    ...given(params),
    ...(maxTokens !== undefined && { maxTokens }),
    ...asked,
    // The prompt of a decision by tools works without them, too: the model then only speaks.
    ...(!target.card.hasTools && { tools: undefined }),
    model: target.model,
    purpose,
  }
  const result = await target.vendor.generate(request, {
    signal,
    onText(delta) {
      note(delta)
      onText(delta)
    },
  })
  return finish(result)
}

/** What is undefined must not hide a setting. */
const given = (params: GenerateParams & SamplingParams): GenerateParams =>
  Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined),
  ) as unknown as GenerateParams // the same members, less those that were undefined

function restored({ text, finishReason }: PaidAnswer, listener?: TextListener): ModelResult {
  listener?.begin()
  listener?.push(text)
  return { text, finishReason, cost: null }
}
