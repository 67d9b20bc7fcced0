import { describe, expect, it } from '@jest/globals'
import { effectIn } from '../../../agent/action.ts'
import { sendMessageAction } from '../../../agent/plugins/core/send-message-action.ts'
import type { RecordWrite } from '../../../agent/records.ts'
import type { ElizaPlugin, ElizaTarget } from '../../../plugins/contract.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import { actionContext, PERSON_ID } from '../../agent/turn-context.ts'
import { createMemoryRecords } from '../../support/memory-records.ts'
import { hostBench, hosted, loadedTurn, stepOf } from '../../support/sample-plugins/host-bench.ts'

/** A plugin of the platform 'wire', whose service connects to it or does not. */
function wire(send: (target: ElizaTarget, text?: string) => unknown, isConnected = true) {
  class Wire {
    static serviceType = 'wire'
    static async start(runtime: Runtime) {
      if (isConnected) {
        runtime.registerSendHandler('wire', (_runtime, target, { text }) => send(target, text))
      }
      return new Wire()
    }
    async stop() {}
  }
  const plugin: ElizaPlugin = { name: '@elizaos/plugin-wire', services: [Wire] }
  return plugin
}

async function agentWith(plugin: ElizaPlugin, source = 'wire') {
  const bench = hostBench([plugin])
  const { id } = hosted([plugin.name])
  await bench.host.open(hosted([plugin.name], { id }))
  const base = actionContext({ parameters: { target: 'ops', text: 'Hello' } })
  const { agent } = stepOf(bench, id).context
  const records = createMemoryRecords()
  const room = { id: 'ops', worldId: 'world', channelId: 'C1', name: 'ops', source, type: 'GROUP' }
  await records.commit(agent.id, [
    { kind: 'room.put', room },
    ...[agent.id, PERSON_ID].map(
      (entityId): RecordWrite => ({ kind: 'participant.add', roomId: 'ops', entityId }),
    ),
  ])
  const step = { ...base, step: 'runAction:0', agent, records: records.of(agent.id) }
  return { bench, agent, step, written: base.recorded.records, id }
}

describe('SEND_MESSAGE to a room of a platform that a plugin writes to', () => {
  it('goes out by the send handler of the plugin, is stored, and is not repeated', async () => {
    const sent: unknown[] = []
    const made = await agentWith(wire((target, text) => void sent.push([target, text])))
    const result = await sendMessageAction.handler(made.step)
    expect(result).toMatchObject({ success: true, text: 'I wrote to ops.' })
    expect(sent).toMatchObject([[{ source: 'wire', roomId: 'ops', channelId: 'C1' }, 'Hello']])
    expect(made.written).toMatchObject([
      { kind: 'message.send', roomId: 'ops', outboxSource: null },
    ])
    expect(effectIn(made.agent, sendMessageAction)).toBe('once')
  })

  it.each([
    ['is not connected', wire(() => undefined, false), /no plugin of the agent has registered/],
    ['fails', wire(() => Promise.reject(new Error('Muted.'))), /Muted/],
  ])('says that it was not sent when the platform %s', async (_what, plugin, error) => {
    const { step, written } = await agentWith(plugin)
    const result = await sendMessageAction.handler(step)
    expect(result).toMatchObject({ success: false, error: expect.stringMatching(error) })
    expect(result.text).toBe("I could not write to ops: my connection to 'wire' failed.")
    expect(written).toEqual([])
  })

  it('leaves rooms of our own clients to the database', async () => {
    const sent: unknown[] = []
    const plugin = wire((target) => void sent.push(target))
    const { step, written } = await agentWith(plugin, 'client_chat')
    expect(await sendMessageAction.handler(step)).toMatchObject({ success: true })
    expect(sent).toEqual([])
    expect(written).toHaveLength(1)
  })
})

it('what a handler of an event says to a plugin’s platform is refused by name, not lost', async () => {
  const { bench, id } = await agentWith(wire(() => undefined))
  const work = (source: string) => {
    const turn = loadedTurn(id)
    const event = bench.host.workFor({ ...turn, room: { ...turn.room, source } }, 'event:X')
    return event('listener')
  }
  expect(() => work('wire').context.say({ text: 'Hi' })).toThrow(/'wire' belongs to a plugin/)
  expect(() => work('client_chat').context.say({ text: 'Hi' })).not.toThrow()
})
