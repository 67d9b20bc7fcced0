import type { Agent } from '../agent.ts'
import { composePrompt, TemplateError } from './compose-prompt.ts'
import { apologyTemplate, templateOf } from './templates.ts'

/**
 * What the agent says when a turn fails; undefined when its setting `apology` is `false` or `off`.
 * Does not throw: a broken `apologyTemplate` of the character gives our own words, and so does an
 * agent that cannot be loaded.
 */
export function apologyText(agent: Agent | undefined): string | undefined {
  if (!agent) return apologyTemplate
  const { character, settings } = agent
  if (['false', 'off'].includes(String(settings.apology))) return undefined
  const state = { values: { agentName: character.name }, data: {}, text: '' }
  try {
    return composePrompt(templateOf(character, 'apologyTemplate'), state).trim() || undefined
  } catch (error) {
    if (error instanceof TemplateError) return apologyTemplate
    throw error
  }
}
