import type { Agent } from '../agent.ts'
import { composePrompt, TemplateError } from './compose-prompt.ts'
import { type TemplateName, templateOf } from './templates.ts'

/**
 * Something the agent says without asking a model, by a template of its character. Does not throw: a
 * template of the character that cannot be filled in gives our own words.
 */
export function fixedText(
  { character }: Pick<Agent, 'character'>,
  name: TemplateName,
  values: Readonly<Record<string, string>>,
): string {
  const state = { values: { ...values, agentName: character.name }, data: {}, text: '' }
  const filled = (owner: typeof character) => composePrompt(templateOf(owner, name), state).trim()
  try {
    return filled(character)
  } catch (error) {
    if (error instanceof TemplateError) return filled({ ...character, templates: {} })
    throw error
  }
}
