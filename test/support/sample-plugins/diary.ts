import type { ElizaAction, ElizaMemory, ElizaPlugin } from '../../../plugins/contract.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

/** What an agent's diary holds, wherever it was written: of all rooms, unlike a turn's own. */
async function readAll(runtime: Runtime, { entityId }: ElizaMemory): Promise<string> {
  const memories = await runtime.getMemories({ tableName: 'diary', count: 100 })
  const logs = await runtime.getLogs({ entityId, type: 'diary', count: 100 })
  const texts = [
    ...memories.map(({ content }) => content.text),
    ...logs.map(({ body }) => body.text),
  ]
  return `${texts.toSorted().join(', ')}; ${await runtime.getCache('diary')}`
}

const write: ElizaAction['handler'] = async (runtime, message, _state, _options, callback) => {
  const { entityId, roomId, content } = message
  const text = content.text?.replace('WRITE ', '') ?? ''
  await runtime.createMemory({ entityId, roomId, content: { text: `memory of ${text}` } }, 'diary')
  await runtime.log({ entityId, roomId, type: 'diary', body: { text: `log of ${text}` } })
  await runtime.setCache('diary', `cache of ${text}`)
  await runtime.useModel('TEXT_LARGE', { prompt: `night: written by ${text}` })
  const seen = await readAll(runtime, message)
  await runtime.useModel('TEXT_LARGE', { prompt: `night: read by ${text}` })
  await callback?.({ text: seen })
  return { success: true }
}

const plugin: ElizaPlugin = {
  name: 'diary',
  actions: [{ name: 'WRITE', description: 'Writes into the diary.', handler: write }],
}

export default plugin
