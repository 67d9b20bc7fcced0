import type { TurnCode } from '../../schema/turn.ts'
import type { Agent } from '../agent.ts'
import { composePrompt, TemplateError } from './compose-prompt.ts'
import { apologyTemplate, budgetApologyTemplate, templateOf } from './templates.ts'

/**
 * What the agent says when a turn fails; undefined when its setting `apology` is `false` or `off`.
 * Does not throw: a broken `apologyTemplate` of the character gives our own words, and so does an
 * agent that cannot be loaded.
 */
export function apologyText(agent: Agent | undefined, code?: TurnCode): string | undefined {
  const isBudget = code === 'budget_exhausted'
  const own = isBudget ? budgetApologyTemplate : apologyTemplate
  if (!agent) return own
  const { character, settings } = agent
  if (['false', 'off'].includes(String(settings.apology))) return undefined
  const name = isBudget ? 'budgetApologyTemplate' : 'apologyTemplate'
  const state = { values: { agentName: character.name }, data: {}, text: '' }
  try {
    return composePrompt(templateOf(character, name), state).trim() || undefined
  } catch (error) {
    if (error instanceof TemplateError) return own
    throw error
  }
}
