import type { ElizaPlugin } from '../../../plugins/contract.ts'

/** A plugin as one finds them, with one member of each kind. */
export const greeter: ElizaPlugin = {
  name: 'greeter',
  description: 'Greets people.',
  config: { GREETING: 'Hi', TIMES: 2, MISSING: undefined },
  actions: [
    {
      name: 'GREET',
      description: 'Greets somebody.',
      similes: ['SAY_HELLO'],
      examples: [
        [
          { name: '{{name1}}', content: { text: 'Greet me' } },
          { user: '{{agent}}', content: { text: 'Hi!', action: 'GREET' } },
        ],
      ],
      parameters: [
        { name: 'who', description: 'Whom', required: true, schema: { type: 'string' } },
      ],
      validate: async (_runtime, message) => message.content.text !== 'no',
      handler: async (runtime, message, _state, options, callback) => {
        const who = String((options?.parameters as { who?: string } | undefined)?.who ?? 'you')
        const memory = {
          entityId: message.entityId,
          roomId: message.roomId,
          content: { text: who },
        }
        const id = await runtime.createMemory(memory, 'greetings')
        await callback?.({ text: `Hi ${who}`, actions: ['GREET'] })
        return { success: true, text: `Greeted ${who}`, values: { greeted: who }, data: { id } }
      },
    },
  ],
  providers: [
    {
      name: 'WEATHER',
      position: 7,
      get: async () => ({ text: 'Sunny', values: { sky: 'blue' }, data: { degrees: 20 } }),
    },
  ],
  evaluators: [
    {
      name: 'MOOD',
      description: 'Notes the mood.',
      alwaysRun: true,
      validate: async () => true,
      handler: async (runtime, message) => {
        await runtime.setCache(`mood:${message.roomId}`, 'good')
      },
    },
  ],
}
