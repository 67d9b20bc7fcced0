import type { Provider } from '../../provider.ts'
import { list, section } from './sections.ts'

/** What the model may ask to see before it answers: providers that are only asked by name. */
export const providersProvider: Provider = {
  name: 'PROVIDERS',
  description: 'The providers that can be asked for.',
  stable: true,
  builtIn: true,
  async get({ agent }) {
    const asked = agent.providers
      .filter((provider) => provider.dynamic && !provider.private && !KNOWN.has(provider.name))
      .map(({ name, description = '' }) => `${name}: ${description}`)
    const names = list(asked)
    const providersWithDescriptions = section('Providers', names && `${HOW_TO_ASK}\n${names}`)
    return { text: providersWithDescriptions, values: { providersWithDescriptions } }
  },
}

/** Its people are in every prompt. */
const KNOWN: ReadonlySet<string> = new Set(['ENTITIES'])

const HOW_TO_ASK =
  'When you need to see one of these before you answer, name it in providers and leave actions and text empty: you are asked again with it. Most messages need none.'

/** For evaluators and plugins; never listed to the model. */
export const evaluatorsProvider: Provider = {
  name: 'EVALUATORS',
  description: 'The evaluators of the agent.',
  private: true,
  builtIn: true,
  async get({ agent }) {
    const evaluators = list(
      agent.evaluators.map(({ name, description }) => `${name}: ${description}`),
    )
    const evaluatorNames = agent.evaluators.map(({ name }) => name).join(', ')
    return { text: section('Evaluators', evaluators), values: { evaluators, evaluatorNames } }
  },
}

/** What it is made of, by name: nothing of how it is configured. */
export const capabilitiesProvider: Provider = {
  name: 'CAPABILITIES',
  description: 'What you are able to do: your plugins, actions and kinds of knowledge.',
  dynamic: true,
  builtIn: true,
  async get({ agent }) {
    const { plugins = [] } = agent.character
    const lines = [
      plugins.length > 0 ? `plugins: ${plugins.join(', ')}` : '',
      `actions: ${agent.actions.map(({ name }) => name).join(', ')}`,
      `providers: ${agent.providers
        .filter((one) => !one.private)
        .map(({ name }) => name)
        .join(', ')}`,
    ]
    const capabilities = list(lines.filter((line) => line !== ''))
    return { text: section('What you can do', capabilities), values: { capabilities } }
  },
}
