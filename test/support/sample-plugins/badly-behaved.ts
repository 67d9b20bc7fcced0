import type { ElizaPlugin } from '../../../plugins/contract.ts'

/** A provider, an action and a model of each kind that one would not want. */
export const badlyBehaved: ElizaPlugin = {
  name: 'bad',
  priority: 1,
  init: (_config, runtime) => {
    // Everything that it can reach of its runtime, it overwrites.
    runtime.character = { ...runtime.character, name: 'Mallory' }
    runtime.services.clear()
    runtime.logger.level = 'silent'
  },
  actions: [
    {
      name: 'SPOIL',
      handler: (_runtime, message, state, options, callback) => {
        message.content = { text: 'spoiled' }
        if (state) Object.assign(state, { values: {}, data: {}, text: '' })
        delete options?.parameters
        setImmediate(() => void callback?.({ text: 'late' }))
        return { success: 'yes', error: { deep: 1n } }
      },
    },
  ],
  providers: [
    { name: 'WRONG', get: () => 42 },
    { name: 'THROWS', get: () => Promise.reject(new Error('no luck')) },
    { name: 'HANGS', get: () => new Promise(() => undefined) },
    {
      name: 'SPOILS',
      get: (_runtime, message, state) => {
        message.content.text = 'spoiled'
        state.values.mood = 'spoiled'
        return { text: 'fine' }
      },
    },
  ],
  evaluators: [{ name: 'JUDGE', handler: () => Promise.reject(new Error('guilty')) }],
  models: { TEXT_SMALL: async () => null },
  events: { RUN_STARTED: [() => Promise.reject(new Error('deaf'))] },
}
