import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type {
  ElizaAction,
  ElizaMemory,
  ElizaPlugin,
  ElizaProvider,
} from '../../../plugins/contract.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

/**
 * A plugin as a file in a project's folder (the tests copy it there, so it imports types alone). Its
 * members ask the model in the middle of what they do: there they are held, and their process is killed.
 */
const ask = (runtime: Runtime, question: string): Promise<string> =>
  runtime.useModel('TEXT_LARGE', { prompt: `night: ${question}` })

const note = (runtime: Runtime, { entityId, roomId }: ElizaMemory, text: string) =>
  runtime.createMemory({ entityId, roomId, content: { text } }, 'notes')

/** Writes of three kinds and two messages, with the question between the messages. */
const keep: ElizaAction['handler'] = async (runtime, message, _state, _options, callback) => {
  const { roomId, entityId, content } = message
  await note(runtime, message, 'first')
  await note(runtime, message, 'second')
  await runtime.setCache(`note:${roomId}`, 'kept')
  const id = randomUUID() // another one at each run
  await runtime.createComponent({ id, entityId, roomId, type: 'note', data: { kept: true } })
  await callback?.({ text: 'Begun.' })
  await ask(runtime, `in the middle of ${content.text}`)
  await callback?.({ text: 'Kept.' })
  return { success: true }
}

const startClock: ElizaAction['handler'] = async (runtime, message) => {
  await runtime.createTask({
    name: 'TICK',
    roomId: message.roomId,
    tags: ['queue', 'repeat', 'immediate'],
    metadata: { updateInterval: 1_000 },
  })
  return { success: true }
}

/** Only for messages that say so: every turn of the agent asks it. */
const provide: ElizaProvider = {
  name: 'NOTES',
  async get(runtime, message) {
    const { text = '' } = message.content
    if (!text.startsWith('PROVIDE')) return {}
    await note(runtime, message, 'provided')
    const first = await ask(runtime, `first of ${text}`)
    const second = await ask(runtime, `second of ${text}`)
    return { text: `# Notes\n${first} ${second}` }
  },
}

let goOn = () => {}

const plugin: ElizaPlugin = {
  name: 'night',
  description: 'Is in the middle of something when its process dies.',
  init(_config, runtime) {
    runtime.registerTaskWorker({
      name: 'TICK',
      async execute(given, _options, { roomId = '' }) {
        await note(given, { entityId: given.agentId, roomId, content: {} }, 'tick')
        await ask(given, 'tick')
      },
    })
  },
  actions: [
    { name: 'KEEP', description: 'Keeps notes.', handler: keep },
    { name: 'KEEP_SAFELY', description: 'Keeps notes.', effect: 'idempotent', handler: keep },
    { name: 'START_CLOCK', description: 'Starts a clock.', handler: startClock },
  ],
  providers: [provide],
  routes: [
    {
      ...{ type: 'POST', path: '/upload', public: true, isMultipart: true },
      async handler(request, response) {
        let size = 0
        for await (const chunk of request as Readable) size += (chunk as Buffer).length
        const answer = response as ServerResponse
        answer.writeHead(201, { 'content-type': 'application/json' })
        answer.end(JSON.stringify({ size }))
      },
    },
    {
      ...{ type: 'GET', path: '/stream', public: true },
      handler(_request, response) {
        const answer = response as ServerResponse
        answer.writeHead(200, { 'content-type': 'text/plain' })
        answer.write('begun,')
        goOn = () => void answer.end('ended') // long after the handler has returned
      },
    },
    {
      ...{ type: 'POST', path: '/go-on', public: true },
      handler(_request, response) {
        goOn()
        ;(response as ServerResponse).end()
      },
    },
  ],
}

export default plugin
