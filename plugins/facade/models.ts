import { PluginError } from '../plugin-error.ts'
import type { ModelMembers, RegisteredModel } from '../runtime.ts'
import type { Access } from './access.ts'
import { placeOf } from './place.ts'

export function modelMembers({ host, runtime, agentId }: Access): ModelMembers {
  const models = new Map<string, RegisteredModel[]>()
  return {
    models,
    async useModel<T>(type: string, params: unknown, provider?: string): Promise<T> {
      placeOf(agentId) // a turn that was cut off pays nothing any more
      if (typeof type !== 'string') {
        const message = `A plugin asks for the model type '${String(type)}': name one, such as 'TEXT_LARGE'.`
        throw new PluginError('runtime', message)
      }
      // ElizaOS's answer of that type: the host has looked at it.
      return (await host.models.use(type, params, provider)) as T
    },
    async generateText(input, { includeCharacter = true, modelType, ...params } = {}) {
      if (!input?.trim()) {
        throw new PluginError('runtime', `A plugin calls 'generateText' without a text.`)
      }
      const about = includeCharacter ? aboutCharacter(runtime.character) : []
      const prompt = [...about, input].join('\n\n')
      const text = await runtime.useModel(modelType ?? 'TEXT_LARGE', { ...params, prompt })
      return { text: typeof text === 'string' ? text : JSON.stringify(text) }
    },
    registerModel(type, handler, provider, priority = 0) {
      const others = runtime.models.get(type) ?? []
      const all = [...others, { handler, provider, priority }]
      runtime.models.set(
        type,
        all.sort((a, b) => b.priority - a.priority),
      )
      host.changed()
    },
    getModel(type) {
      const [own] = runtime.models.get(type) ?? []
      if (!own && !host.models.has(type)) return undefined
      // Through the ledger, also when the handler is a plugin's own.
      return (_runtime, params) => runtime.useModel(type, params, own?.provider)
    },
    // Vectors of any length are stored side by side.
    ensureEmbeddingDimension: async () => undefined,
  }
}

function aboutCharacter({ name, bio, system, style }: Access['runtime']['character']): string[] {
  const about = Array.isArray(bio) ? bio.join(' ') : bio
  const rules = [...(style?.all ?? []), ...(style?.chat ?? [])]
  return [
    ...(about ? [`# About ${name}\n${about}`] : []),
    ...(system ? [system] : []),
    ...(rules.length > 0 ? [`Style:\n${rules.map((rule) => `- ${rule}`).join('\n')}`] : []),
  ]
}
