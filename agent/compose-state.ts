import { storableText } from '../schema/text.ts'
import type { TurnContext } from './context.ts'
import { type MergedState, mergeState } from './merge-state.ts'
import type { Provider, ProviderResult, ProviderTrace, State, YieldingPieces } from './provider.ts'
import { withinTime } from './within-time.ts'

export interface ComposeStateOptions {
  /** Providers to ask besides those that are neither private nor dynamic. Unknown names are skipped. */
  readonly include?: readonly string[]
  /** Ask these and no others. */
  readonly only?: readonly string[]
  /** Their texts stay out: what they say reaches the model in another way. Values and data stay. */
  readonly silent?: readonly string[]
  /** What a provider works with. @default the same for all, which is given */
  readonly contextOf?: (provider: Provider) => TurnContext
  /** For each provider. @default 2000, what a Local Activity can bear */
  readonly timeoutMs?: number
}

export interface ComposedState extends MergedState {
  /** In the order of the positions. */
  readonly traces: readonly ProviderTrace[]
}

interface Outcome {
  readonly provider: Provider
  readonly result: ProviderResult
  readonly trace: ProviderTrace
  /** What it threw, when its trace has an error. */
  readonly failure?: unknown
}

const DEFAULT_TIMEOUT_MS = 2_000
const MAX_ERROR_LENGTH = 500
const EMPTY: State = { values: {}, data: {}, text: '' }

/**
 * Asks the chosen providers in parallel and merges what they give, by position, then in the order of
 * registration; what does not change from turn to turn stands first. One that throws or is late gives nothing and is named in its trace; each has an abort
 * signal of its own.
 *
 * `values.providers` is the text, and `data.providers` holds each result by name, as in ElizaOS.
 *
 * @throws the reason of `context.signal` when it is aborted; the error of a provider that is `required`
 */
export async function composeState(
  context: TurnContext,
  options: ComposeStateOptions = {},
): Promise<ComposedState> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, contextOf = () => context } = options
  const chosen = chooseProviders(context.agent.providers, options)
  const outcomes = await Promise.all(
    chosen.map((provider) => ask(provider, contextOf(provider), timeoutMs)),
  )
  context.signal.throwIfAborted()
  const fatal = outcomes.find(({ provider, trace }) => provider.required && trace.error)
  if (fatal) throw fatal.failure
  const silent = new Set(options.silent?.map((name) => name.toUpperCase()))
  const gifts = outcomes.map(({ provider, result, trace }) => ({
    provider,
    result,
    hasFailed: trace.error !== undefined,
    isSilent: silent.has(provider.name.toUpperCase()),
  }))
  const merged = mergeState(gifts, { agentName: context.agent.character.name })
  return { ...merged, traces: outcomes.map(({ trace }) => trace) }
}

/** Names count without regard to case. Of two providers with one name the first is asked. */
export function chooseProviders(
  providers: readonly Provider[],
  { include = [], only }: Pick<ComposeStateOptions, 'include' | 'only'>,
): Provider[] {
  const wanted = new Set((only ?? include).map((name) => name.toUpperCase()))
  const byName = new Map<string, Provider>()
  for (const provider of providers) {
    const name = provider.name.toUpperCase()
    const isDefault = only === undefined && !provider.private && !provider.dynamic
    if ((isDefault || wanted.has(name)) && !byName.has(name)) byName.set(name, provider)
  }
  return [...byName.values()].sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
}

async function ask(provider: Provider, context: TurnContext, timeoutMs: number): Promise<Outcome> {
  const startedAt = performance.now()
  const trace = (chars: number) => {
    return { name: provider.name, ms: Math.round(performance.now() - startedAt), chars }
  }
  try {
    const given: unknown = await withinTime(context.signal, timeoutMs, (signal) =>
      provider.get({ ...context, signal }, EMPTY),
    )
    const result = readResult(given)
    return { provider, result, trace: trace(result.text?.length ?? 0) }
  } catch (failure) {
    const error = (failure instanceof Error ? failure.message : String(failure)) || 'unknown error'
    const described = storableText(error.slice(0, MAX_ERROR_LENGTH))
    return { provider, result: {}, trace: { ...trace(0), error: described }, failure }
  }
}

/** Plugins are not held to their types: what is no text or object counts as nothing. */
function readResult(given: unknown): ProviderResult {
  if (!isObject(given)) return {}
  const { stableText } = given
  const yields = yieldsOf(given.yields)
  return {
    text: typeof given.text === 'string' ? storableText(given.text).trim() : '',
    values: isObject(given.values) ? { ...given.values } : {},
    data: isObject(given.data) ? { ...given.data } : {},
    ...(typeof stableText === 'string' ? { stableText: storableText(stableText).trim() } : {}),
    ...(yields ? { yields } : {}),
  }
}

/** Pieces that cannot be counted or rendered are none: the text then stays whole. */
function yieldsOf(given: unknown): YieldingPieces | undefined {
  if (!isObject(given)) return undefined
  const { kind, rank, count, reserve = 0, render } = given as Partial<YieldingPieces> // looked at below
  const isCounted = Number.isInteger(count) && Number(count) >= 0 && typeof rank === 'number'
  if (typeof kind !== 'string' || typeof render !== 'function' || !isCounted) return undefined
  return { kind, rank, count: Number(count), reserve, render: (kept) => render.call(given, kept) }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
