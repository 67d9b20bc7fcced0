/** A plugin as people bring them, loaded by its path: what it writes is counted by `check-records.ts`. */
import { randomUUID } from 'node:crypto'
import type { ElizaAction, ElizaMemory, ElizaPlugin } from '../../plugins/contract.ts'
import type { Runtime } from '../../plugins/runtime.ts'
import type { EffectCall } from './platform.ts'
import { SEAT_VARIABLE, type Seat } from './seat.ts'
import { TASKS, type TaskName, taskIdOf } from './task-id.ts'

const seat = JSON.parse(process.env[SEAT_VARIABLE] ?? '{}') as Seat // written by seated.ts

const turnOf = (runtime: Runtime): string => runtime.getCurrentRunId()

/** The step and the turn are for the bill. */
const ask = (runtime: Runtime, step: string): Promise<string> =>
  runtime.useModel('TEXT_SMALL', {
    prompt: `Ask <step>${step}</step><turn>${turnOf(runtime)}</turn>`,
  })

async function affect(kind: EffectCall['kind'], key: string, runtime: Runtime): Promise<void> {
  const body: EffectCall = { kind, key, turnId: turnOf(runtime) }
  const answer = await fetch(`${seat.platformUrl}/effects`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  await answer.text()
}

/** One row of each kind, all of which name the turn. */
async function write(runtime: Runtime, message: ElizaMemory, type: string): Promise<void> {
  const { entityId, roomId } = message
  const turn = turnOf(runtime)
  await runtime.createMemory({ entityId, roomId, content: { text: type } }, type)
  // The id is another one at each run, as plugins make them: only the commit keeps it from being there twice.
  await runtime.createComponent({ id: randomUUID(), entityId, roomId, type, data: { turn } })
  await runtime.setCache(`${type} of ${turn}`, { type })
}

/** What must not happen twice. */
const pay: ElizaAction['handler'] = async (runtime, message, _state, options, callback) => {
  await write(runtime, message, 'paid')
  await callback?.({ text: `Paying. ${message.content.text}` })
  await affect('once', String(options?.key), runtime)
  await callback?.({ text: `Paid. ${message.content.text}` })
}

/** What may be repeated under its key; and what it leaves for later. */
const enrol: ElizaAction['handler'] = async (runtime, message, _state, options, callback) => {
  await write(runtime, message, 'enrolled')
  await affect('idempotent', String(options?.key), runtime)
  const turn = turnOf(runtime)
  const { roomId } = message
  for (const [name, effect] of Object.entries(TASKS)) {
    const id = taskIdOf(turn, name as TaskName) // a key of the const
    await runtime.createTask({ id, name, roomId, tags: ['queue'], metadata: { effect, turn } })
  }
  await callback?.({ text: `Enrolled. ${message.content.text}` })
}

const plugin: ElizaPlugin = {
  name: 'crash-foreign',
  init(_config, runtime) {
    for (const name of Object.keys(TASKS)) {
      runtime.registerTaskWorker({
        name,
        async execute(given, _options, { roomId, metadata }) {
          const data = { turn: metadata?.turn }
          const id = randomUUID()
          await given.createComponent({ id, entityId: given.agentId, roomId, type: name, data })
        },
      })
    }
  },
  actions: [
    { name: 'PAY', description: 'Takes money, which nobody gives back.', handler: pay },
    { name: 'ENROL', description: 'Enrols somebody.', effect: 'idempotent', handler: enrol },
  ],
  providers: [
    {
      name: 'NOTICED',
      async get(runtime, message) {
        await write(runtime, message, 'noticed')
        return { text: `# Noticed\n${await ask(runtime, 'composeState')}` }
      },
    },
  ],
}

export default plugin
