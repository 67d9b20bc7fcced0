import { type Character, CharacterError } from '../../schema/character.ts'
import { templateFault } from '../prompts/compose-prompt.ts'

/**
 * Refuses a character whose `templates` cannot be compiled, so that its first turn does not fail.
 *
 * @throws {CharacterError}
 */
export function checkTemplates(character: Character, source: string): void {
  const problems = Object.entries(character.templates ?? {}).flatMap(([name, template]) => {
    // A function is asked when there is a state.
    const fault = typeof template === 'function' ? undefined : templateFault(template)
    if (fault === undefined) return []
    return [{ path: `templates.${name}`, found: fault, expected: 'a Handlebars template' }]
  })
  if (problems.length > 0) throw new CharacterError(source, problems)
}
