import type { ElizaPlugin } from '../../../plugins/contract.ts'

const plugin: ElizaPlugin = {
  name: 'throws-in-init',
  init: (_config, runtime) => {
    runtime.registerAction({ name: 'GHOST', handler: () => true })
    throw new Error('Not today.')
  },
  actions: [{ name: 'SHADOW', handler: () => true }],
}

export default plugin
