import type { ElizaPlugin } from '../../plugins/contract.ts'
import { ASKED, askOne } from './asked-models.ts'

/** Asks every model within a turn, by the package's own handlers, and says what came. */
const askingPlugin: ElizaPlugin = {
  name: 'asking',
  description: 'Asks every model that is there.',
  actions: [
    {
      name: 'ASK_MODELS',
      description: 'Asks every model.',
      validate: () => true,
      async handler(runtime, _message, _state, _options, callback) {
        const answers: Record<string, string> = {}
        for (const { type } of ASKED) answers[type] = await askOne(runtime, type)
        await callback?.({ text: JSON.stringify(answers), actions: ['ASK_MODELS'] })
        return { success: true }
      },
    },
  ],
}

export default askingPlugin
