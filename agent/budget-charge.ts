import type { Budget, BudgetScope } from '../schema/budget.ts'
import { type BudgetCharge, type BudgetLine, limitsOf } from './budgets.ts'
import type { ModelCard, ModelPrice } from './models.ts'

/**
 * Most tokens of an answer under a budget, where nothing else says so. What may be written is reserved
 * before a call, so a model's own limit (often 64,000 and more) would fill small budgets with one call.
 */
export const DEFAULT_MAX_TOKENS = 4_096

export interface ChargeInput {
  /** All that hold for the agent: `budgetsOf`. */
  readonly budgets: readonly Budget[]
  readonly agentId: string
  /** Absent outside of any room: budgets per world, room and user do not count such a call. */
  readonly worldId?: string
  readonly roomId?: string
  /** Who wrote the message. */
  readonly userId?: string
  readonly vendor: string
  readonly model: string
  /** Of the prompt. */
  readonly inputTokens: number
  /** What the caller would allow. */
  readonly maxTokens?: number
  /** What is reserved instead, for an answer that is no text: no cap limits it. */
  readonly outputTokens?: number
  readonly card: Pick<ModelCard, 'price' | 'maxOutputTokens'>
}

export type ChargeVerdict =
  /** No budget counts the call. `maxTokens` is the caller's own. */
  | { readonly kind: 'free' }
  | {
      readonly kind: 'charged'
      readonly charge: BudgetCharge
      /** The caller must send it: nothing else keeps the call within what is reserved. */
      readonly maxTokens: number
    }
  /** A budget in money, and a model without a price. For the operator; not a matter of time. */
  | { readonly kind: 'refused'; readonly message: string }

/** What a call may cost at most, against every budget that counts it. */
export function chargeFor(input: ChargeInput): ChargeVerdict {
  const ids: Readonly<Record<BudgetScope, string | undefined>> = {
    agent: input.agentId,
    world: input.worldId,
    room: input.roomId,
    user: input.userId,
  }
  const counting = limitsOf(input.budgets).filter(({ scope }) => ids[scope] !== undefined)
  if (counting.length === 0) return { kind: 'free' }
  const maxTokens = Math.min(input.maxTokens ?? DEFAULT_MAX_TOKENS, input.card.maxOutputTokens)
  const most = mostOf(input, input.outputTokens ?? maxTokens)
  const lines: BudgetLine[] = []
  for (const limit of counting) {
    const [scopeId, amount] = [ids[limit.scope], most[limit.unit]]
    if (amount === undefined) return { kind: 'refused', message: unpriced(input) }
    if (scopeId !== undefined) lines.push({ ...limit, scopeId, amount })
  }
  return { kind: 'charged', charge: { lines }, maxTokens }
}

type Most = { readonly tokens: number; readonly money: number | undefined }

function mostOf({ inputTokens, card: { price } }: ChargeInput, outputTokens: number): Most {
  return {
    tokens: inputTokens + outputTokens,
    money: price && dollars(inputTokens * dearestInput(price) + outputTokens * price.output),
  }
}

/** Nobody knows before the call what the vendor has in its cache, and what it writes there. */
const dearestInput = ({ input, cachedInput = input, cacheWrite = input }: ModelPrice) =>
  Math.max(input, cachedInput, cacheWrite)

/** Up to the next billionth, in which budgets count; sums of binary fractions end a hair beside it. */
const dollars = (perMillion: number) => Math.ceil(Number((perMillion * 1_000).toFixed(3))) / 1e9

const unpriced = ({ vendor, model }: ChargeInput) =>
  `The agent has a budget in money, and the price of '${model}' of ${vendor} is not known, so it is not asked. ` +
  'Name its price in TURNKEEPER_MODEL_PRICES, or give the budget `tokens` in place of `money`.'
