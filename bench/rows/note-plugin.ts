/** The smallest plugin that has all a turn can pass: loaded by its path, as people's plugins are. */
import type { ElizaPlugin } from '../../plugins/contract.ts'

export const notePlugin: ElizaPlugin = {
  name: 'note',
  providers: [
    { name: 'WEATHER', get: async () => ({ text: 'It is sunny.', values: { sky: 'blue' } }) },
  ],
  actions: [
    {
      name: 'NOTE',
      description: 'Notes what was said.',
      validate: async () => true,
      async handler(runtime, { entityId, roomId, content }) {
        await runtime.createMemory({ entityId, roomId, content: { text: content.text } }, 'notes')
        return { success: true }
      },
    },
  ],
}
