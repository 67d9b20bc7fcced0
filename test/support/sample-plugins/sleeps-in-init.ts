import type { ElizaPlugin } from '../../../plugins/contract.ts'

const plugin: ElizaPlugin = { name: 'sleeps-in-init', init: () => new Promise(() => undefined) }

export default plugin
