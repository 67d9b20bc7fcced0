import type { JsonObject } from '../../schema/json.ts'
import { storableText } from '../../schema/text.ts'
import type { MergedState } from '../merge-state.ts'
import type { ModelCard, ResolvedModel, SamplingParams } from '../models.ts'
import type { State } from '../provider.ts'
import { composePrompt, type Template } from './compose-prompt.ts'
import { promptTooLong } from './prompt-too-long.ts'
import { stableBeginning } from './stable-beginning.ts'
import { createYielding } from './yielding.ts'

/** A prompt that a model can read, and still answer. */
export interface FittedPrompt {
  readonly prompt: string
  readonly state: State
  /** As `GenerateParams.stableLength`. */
  readonly stableLength: number
  /** What gave way: `{messages: 12, tokens: {limit, before, after}}`. Absent when nothing had to. */
  readonly cut?: JsonObject
}

export interface FitOptions {
  readonly template: Template
  readonly model: Pick<ResolvedModel, 'card' | 'model' | 'vendor' | 'sampling'>
  /** The message to answer, for the words of the error only. */
  readonly message: string
  /** What the model reads besides the prompt: its tools, for example. @default '' */
  readonly besides?: string
}

/** Roles and separators that vendors put around a prompt. */
const FRAME_TOKENS = 32

/**
 * Tokens to keep free for the answer, which is also a fit `maxTokens` of the call: what the settings
 * say, else a quarter of what the model can read; never more than it can write, or than half of it all.
 */
export function answerRoom(
  { contextTokens, maxOutputTokens }: ModelCard,
  { maxTokens }: SamplingParams,
): number {
  const wanted = maxTokens ?? contextTokens / 4
  return Math.max(1, Math.floor(Math.min(wanted, maxOutputTokens, contextTokens / 2)))
}

/**
 * Fills a template with as much as the model can read. No token is counted where the bytes alone show
 * that all of it fits, since no token is shorter than a byte.
 *
 * @throws {ModelError} `prompt_too_long`: not even without all that may give way. What is only guessed
 * of a model refuses nothing: the vendor knows better.
 * @throws {TemplateError}
 */
export async function fitPrompt(merged: MergedState, options: FitOptions): Promise<FittedPrompt> {
  const { template, model, besides = '' } = options
  const compose = (state: State) => storableText(composePrompt(template, state))
  const finish = (prompt: string, state: State, cut?: JsonObject): FittedPrompt => {
    const stableLength = stableBeginning(template, { prompt, whole: state, stable: merged.stable })
    return { prompt, state, stableLength, ...(cut ? { cut } : {}) }
  }
  const whole = compose(merged.state)
  const room = answerRoom(model.card, model.sampling)
  const space = model.card.contextTokens - room - FRAME_TOKENS
  if (byteLengthOf(whole) + byteLengthOf(besides) <= space) return finish(whole, merged.state)

  // A prompt must not be refused by an estimate.
  await model.card.ready?.().catch(() => undefined)
  const count = (text: string) => (text === '' ? 0 : model.card.countTokens(text))
  const limit = space - count(besides)
  const before = count(whole)
  if (before <= limit) return finish(whole, merged.state)
  const yielding = createYielding(merged)
  const at = (drops: number): Tried => {
    const { state, dropped } = yielding.without(drops)
    const prompt = compose(state)
    return { state, dropped, prompt, tokens: count(prompt) }
  }
  const least = at(yielding.total)
  if (least.tokens > limit && !model.card.isGuess) {
    throw promptTooLong({ ...options, merged, limit, tokens: least.tokens, room })
  }
  const { state, dropped, prompt, tokens: after } = fewest(yielding.total, least, limit, at)
  return finish(prompt, state, { ...dropped, tokens: { limit, before, after } })
}

interface Tried {
  readonly state: State
  readonly dropped: Readonly<Record<string, number>>
  readonly prompt: string
  readonly tokens: number
}

/** By halves. `most` is within the limit, and dropping nothing is not. */
function fewest(total: number, most: Tried, limit: number, at: (drops: number) => Tried): Tried {
  let [tooFew, enough, best] = [0, total, most]
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2)
    const tried = at(middle)
    if (tried.tokens <= limit) [enough, best] = [middle, tried]
    else tooFew = middle
  }
  return best
}

const byteLengthOf = (text: string): number => Buffer.byteLength(text)
