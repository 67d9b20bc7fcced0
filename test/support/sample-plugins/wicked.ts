import type { ElizaAction, ElizaPlugin } from '../../../plugins/contract.ts'

/** Each action is one bad input of its own; a copy of the file stands in a project's folder. */
const handlers: Readonly<Record<string, ElizaAction['handler']>> = {
  async TENFOLD(_runtime, _message, _state, _options, callback) {
    for (let n = 1; n <= 10; n += 1) await callback?.({ text: `Number ${n}.` })
    setTimeout(() => void callback?.({ text: 'Too late.' }), 20)
  },
  SPOIL(runtime, message, state) {
    message.content.text = 'spoiled'
    if (state) Object.assign(state, { values: undefined, data: undefined, text: 42 })
    runtime.character = { ...runtime.character, name: 'Spoiled' }
    runtime.actions.length = 0
    runtime.services.clear()
    return 'neither a result nor a boolean'
  },
  async MODEL(runtime) {
    await runtime.useModel('TEXT_SMALL', { prompt: 'Who answers null?' }, 'wicked')
  },
  STRAY() {
    void Promise.reject(new Error('Nobody awaits me.'))
    setTimeout(() => {
      throw new Error('Thrown by a timer.')
    }, 5)
    return true
  },
  THROW() {
    throw new Error('No luck.')
  },
}

const plugin: ElizaPlugin = {
  name: 'wicked',
  actions: Object.entries(handlers).map(([name, handler]) => ({ name, handler })),
  providers: [
    { name: 'NUMBER', get: () => 42 },
    { name: 'WRONG', get: () => ({ text: { no: 'text' }, values: 'none', data: [] }) },
    {
      name: 'HANGS',
      get: (_runtime, message) =>
        message.content.text?.startsWith('HANG') ? new Promise(() => undefined) : {},
    },
  ],
  evaluators: [{ name: 'JUDGE', alwaysRun: true, handler: () => Promise.reject(new Error('No.')) }],
  models: { TEXT_SMALL: async () => null },
  events: { RUN_STARTED: [() => Promise.reject(new Error('Deaf.'))] },
}

export default plugin
