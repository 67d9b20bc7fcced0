import { chargeFor } from '../agent/budget-charge.ts'
import { type BudgetCharge, budgetsOf, type ExhaustedBudget } from '../agent/budgets.ts'
import { ModelError } from '../agent/errors.ts'
import type { Billed, ResolvedModel } from '../agent/models.ts'
import type { Budget } from '../schema/budget.ts'
import { estimateTokens } from './call-cost.ts'
import type { VendorCall } from './call-vendor.ts'

export interface CallPlan {
  readonly kind: 'planned'
  readonly inputTokens: number
  readonly maxTokens: number | undefined
  readonly budget?: BudgetCharge
}

/** It would fail, and nobody is asked. */
export interface UnaskedModel {
  readonly kind: 'failed'
  readonly error: ModelError
}

/** What every wire adds to a text, in tokens: roles, separators. Budgets must not be missed by that. */
const WIRE_TOKENS = 50

/** What a call may use at most, before anybody is asked. */
export async function planCall<Result extends Billed>(
  call: VendorCall<Result>,
  target: ResolvedModel,
  operators: readonly Budget[],
): Promise<CallPlan | UnaskedModel> {
  const { agent, subject } = call
  const budgets = budgetsOf(agent.settings, operators)
  const maxTokens = call.maxTokens ?? target.sampling.maxTokens
  const hasBudgets = budgets.length > 0
  const textTokens = await countInput(call, target, hasBudgets)
  if (textTokens > target.card.contextTokens && !target.card.isGuess)
    return tooLong(target, textTokens)
  const inputTokens = textTokens + (call.inputExtra?.(target, hasBudgets) ?? 0)
  if (budgets.length === 0) return { kind: 'planned', inputTokens, maxTokens }
  const { vendor, model, card } = target
  const verdict = chargeFor({
    ...{ budgets, agentId: agent.id, ...subject, inputTokens, card },
    ...{ vendor: vendor.name, model, maxTokens, outputTokens: call.outputTokens },
  })
  if (verdict.kind === 'refused') return refused(verdict.message)
  if (verdict.kind === 'free') return { kind: 'planned', inputTokens, maxTokens }
  return { kind: 'planned', inputTokens, maxTokens: verdict.maxTokens, budget: verdict.charge }
}

/** A tokenizer is asked only where its answer decides something: it takes a while for long prompts. */
async function countInput<Result extends Billed>(
  call: VendorCall<Result>,
  { card, limits }: ResolvedModel,
  hasBudgets: boolean,
): Promise<number> {
  const input = call.input()
  const decides =
    hasBudgets || limits.tokensPerMinute !== undefined || input.length > card.contextTokens
  if (!decides) return estimateTokens(input)
  await card.ready?.().catch(() => undefined) // the estimate counts without it
  return card.countTokens(input) + WIRE_TOKENS
}

const tooLong = ({ vendor, model, card }: ResolvedModel, tokens: number): UnaskedModel => ({
  kind: 'failed',
  error: new ModelError(
    `The prompt has about ${tokens} tokens, and '${model}' of ${vendor.name} takes ${card.contextTokens}. ` +
      'Choose a model with a longer context, or shorten the character or its conversationLength.',
    { code: 'prompt_too_long', retryable: false },
  ),
})

const refused = (message: string): UnaskedModel => ({
  kind: 'failed',
  error: new ModelError(message, { code: 'model_not_configured', retryable: false }),
})

/** For the operator; the person gets the apology, or nothing where the budget says `stop`. */
export function exhaustedError({ scope, period, unit, ...budget }: ExhaustedBudget): ModelError {
  const amount = (value: number) => (unit === 'money' ? `$${value}` : `${value} tokens`)
  return new ModelError(
    `The budget of ${amount(budget.limit)} per ${scope} and ${period} does not allow the call, which may ` +
      `use up to ${amount(budget.amount)}: ${amount(budget.used)} are used or reserved. ` +
      'Raise it under `budgets`, lower maxTokens, or wait for the next day or month (UTC).',
    {
      code: budget.atLimit === 'stop' ? 'budget_stop' : 'budget_exhausted',
      retryable: false,
    },
  )
}
