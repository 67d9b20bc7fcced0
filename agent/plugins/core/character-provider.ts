import type { Character } from '../../../schema/character.ts'
import { EXAMPLE_NAMES, fillNames } from '../../prompts/example-names.ts'
import type { Provider } from '../../provider.ts'
import { list, section } from './sections.ts'

/**
 * Who the agent is. First in the prompt and the same in every turn, nothing shuffled, so that vendors
 * can serve it from their cache. The character's `system` is the beginning of its text.
 */
export const characterProvider: Provider = {
  name: 'CHARACTER',
  description: 'Who the agent is: its system text, bio, style and examples.',
  position: -10,
  required: true,
  stable: true,
  builtIn: true,
  async get({ agent }) {
    const values = characterValues(agent.character)
    const { agentName, system, bio, adjectives, topics } = values
    const text = [
      system,
      section(`About ${agentName}`, bio),
      adjectives && `${agentName} is ${adjectives}.`,
      topics && `${agentName} likes to talk about ${topics}.`,
      values.messageDirections,
      values.characterMessageExamples,
    ]
    return { text: text.filter((part) => part !== '').join('\n\n'), values }
  },
}

/** The values of ElizaOS's CHARACTER, by its names. Absent fields are ''. */
function characterValues(character: Character) {
  const { name, style, topics = [], adjectives = [] } = character
  const fill = (text: string) => fillNames(text, name)
  const directions = (of: 'chat' | 'post') =>
    [...(style?.all ?? []), ...(style?.[of] ?? [])].map(fill)
  return {
    agentName: name,
    system: fill(character.system ?? '').trim(),
    bio: fill([character.bio].flat().join('\n')).trim(),
    topics: topics.map(fill).join(', '),
    topic: fill(topics[0] ?? ''),
    adjectives: adjectives.map(fill).join(', '),
    adjective: fill(adjectives[0] ?? ''),
    messageDirections: section(`How ${name} writes messages`, list(directions('chat'))),
    postDirections: section(`How ${name} writes posts`, list(directions('post'))),
    characterMessageExamples: section(`Conversations of ${name}`, conversations(character)),
    characterPostExamples: section(
      `Posts of ${name}`,
      list((character.postExamples ?? []).map(fill)),
    ),
  }
}

function conversations({ name, messageExamples = [] }: Character): string {
  return messageExamples
    .map((messages) =>
      messages
        .map(({ name: speaker, content }) => `${speakerName(speaker, name)}: ${content.text ?? ''}`)
        .map((line) => fillNames(line, name))
        .join('\n'),
    )
    .join('\n\n')
}

/** Older characters call the other person `user`. */
const speakerName = (speaker: string, agentName: string): string =>
  speaker.toLowerCase() === 'user'
    ? (EXAMPLE_NAMES.name1 ?? speaker)
    : fillNames(speaker, agentName)
