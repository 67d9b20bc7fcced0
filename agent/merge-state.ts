import { storableText } from '../schema/text.ts'
import type { Provider, ProviderResult, State, YieldingPieces } from './provider.ts'

/** What one provider gave. */
export interface Gift {
  readonly provider: Provider
  readonly result: ProviderResult
  readonly hasFailed: boolean
  /** Its text stays out: what it says reaches the model in another way. */
  readonly isSilent: boolean
}

/** Results as one state, which can be made shorter. */
export interface MergedState {
  readonly state: State
  /** The part of it that is the same in each turn of the agent; `text` is a beginning of its text. */
  readonly stable: State
  /** What can give way, in no order. */
  readonly yielding: readonly Pick<YieldingPieces, 'kind' | 'rank' | 'count' | 'reserve'>[]
  /**
   * With at most so many of each of `yielding`, in its order. `kept` says how many these are: a
   * provider may leave out more than it must.
   */
  shortened(counts: readonly number[]): { readonly state: State; readonly kept: readonly number[] }
}

/**
 * Texts stand in the order of `gifts`, but what is stable before all that changes. A provider whose
 * shorter text cannot be rendered gives none.
 */
export function mergeState(
  given: readonly Gift[],
  values: Readonly<Record<string, unknown>>,
): MergedState {
  const gifts = given.map(dispensable)
  const yielding = gifts.flatMap(({ result }) => (result.yields ? [result.yields] : []))
  const stableGifts = gifts
    .filter(({ provider }) => provider.stable)
    .map((gift) => ({ ...gift, result: { values: gift.result.values } }))
  return {
    state: stateOf(gifts, values),
    stable: {
      values: { ...values, ...stateOf(stableGifts, {}).values, providers: stableTextOf(gifts) },
      data: {},
      text: stableTextOf(gifts),
    },
    yielding,
    shortened(counts) {
      const rendered = yielding.map((pieces, index) => renderedBy(pieces, counts[index] ?? 0))
      const shorter = gifts.map((gift) => {
        const index = gift.result.yields ? yielding.indexOf(gift.result.yields) : -1
        const less = rendered[index]
        return less ? { ...gift, result: withLess(gift.result, less) } : gift
      })
      return { state: stateOf(shorter, values), kept: rendered.map(({ kept }) => kept) }
    },
  }
}

/** Behind messages and documents. */
const PROVIDER_RANK = 30

/** A plugin's provider that says nothing of it can be left out: it must not make an agent mute. */
function dispensable(gift: Gift): Gift {
  const { provider, result } = gift
  if (provider.builtIn || provider.required || provider.stable || result.yields || !result.text) {
    return gift
  }
  const whole = { kept: 1, text: result.text }
  const render = (count: number) => (count > 0 ? whole : { kept: 0, text: '' })
  const kind = `the text of ${provider.name}`
  return { ...gift, result: { ...result, yields: { kind, rank: PROVIDER_RANK, count: 1, render } } }
}

type Rendered = ReturnType<YieldingPieces['render']>

/** Plugins are not held to their types, and this runs outside the time that they were given. */
function renderedBy(pieces: YieldingPieces, count: number): Rendered {
  try {
    const { kept, text, values } = pieces.render(count)
    const own = Number.isInteger(kept) && kept >= 0 ? Math.min(kept, count) : count
    return { kept: own, text: typeof text === 'string' ? storableText(text).trim() : '', values }
  } catch {
    return { kept: 0, text: '' }
  }
}

const withLess = (whole: ProviderResult, { text, values }: Rendered): ProviderResult => ({
  ...whole,
  text,
  values: { ...whole.values, ...values },
})

function stateOf(gifts: readonly Gift[], values: Readonly<Record<string, unknown>>): State {
  const text = joined([stableTextOf(gifts), ...gifts.map(changingText)])
  const given = gifts.flatMap(({ result }) => Object.entries(result.values ?? {}))
  const results = gifts
    .filter(({ hasFailed }) => !hasFailed)
    .map(({ provider, result: { text, values, data } }) => {
      return [provider.name, { text, values, data }] as const
    })
  return {
    values: { ...values, ...Object.fromEntries(given), providers: text },
    data: { providers: Object.fromEntries(results) },
    text,
  }
}

const stableTextOf = (gifts: readonly Gift[]): string => joined(gifts.map(stablePart))

const changingText = (gift: Gift): string =>
  gift.isSilent ? '' : (gift.result.text ?? '').slice(stablePart(gift).length).trim()

function stablePart({ provider, result, isSilent }: Gift): string {
  const { text = '', stableText = '' } = result
  if (isSilent) return ''
  if (provider.stable) return text
  return text.startsWith(stableText) ? stableText : ''
}

const joined = (texts: readonly string[]): string =>
  texts.filter((text) => text !== '').join('\n\n')
