import { ModelError } from '../errors.ts'
import type { MergedState } from '../merge-state.ts'
import type { FitOptions } from './fit-prompt.ts'

interface TooLong extends FitOptions {
  readonly merged: MergedState
  /** Tokens that the prompt may have, that it has, and that are kept for the answer. */
  readonly limit: number
  readonly tokens: number
  readonly room: number
}

/** Says which part is the longest and what to do about it; none of the parts' words are in it. */
export function promptTooLong(facts: TooLong): ModelError {
  const { model, limit, tokens, room, template } = facts
  const { contextTokens } = model.card
  const parts = partsOf(facts)
  const [longest, ...others] = parts
  const sizes = others.slice(0, 3).map(({ what, size }) => `${what} ${size}`)
  return new ModelError(
    `The prompt by '${template.name}' has ${tokens} tokens without anything that may be left out, and ` +
      `'${model.vendor.name}/${model.model}' reads ${Math.max(0, limit)} besides an answer of ${room} ` +
      `(${contextTokens} in all). ` +
      (longest
        ? `The longest part is ${longest.what} with ${longest.size}: ${longest.advice}`
        : '') +
      (sizes.length > 0 ? ` Other parts: ${sizes.join(', ')}.` : '') +
      ' A model with a larger context would do as well.',
    { code: 'prompt_too_long', retryable: false },
  )
}

interface Part {
  readonly what: string
  readonly size: number
  readonly advice: string
}

/** Smaller parts are nobody's fault. */
const LEAST_TOKENS = 20

function partsOf({ merged, message, model, template, besides = '' }: TooLong): Part[] {
  const least = merged.shortened(merged.yielding.map(() => 0))
  const part = (what: string, text: string, advice: string): Part => {
    return { what, size: model.card.countTokens(text), advice }
  }
  const providers = Object.entries(least.state.data.providers ?? {}).flatMap(([name, result]) => {
    if (name === 'RECENT_MESSAGES') return [] // what is left of it is the message
    const text = String((result as { text?: unknown }).text ?? '')
    return name === 'CHARACTER'
      ? [part('the character', text, 'shorten its system, bio, style or messageExamples.')]
      : [part(`what the provider '${name}' gives`, text, 'let it give less, or leave it out.')]
  })
  return [
    part('the message', message, 'send a shorter one, or in parts.'),
    part(
      'the template',
      typeof template.source === 'string' ? template.source : '',
      `shorten '${template.name}' of the character.`,
    ),
    part('the list of tools', besides, 'shorten the descriptions of the actions.'),
    ...providers,
  ]
    .filter(({ size }) => size >= LEAST_TOKENS)
    .sort((a, b) => b.size - a.size)
}
