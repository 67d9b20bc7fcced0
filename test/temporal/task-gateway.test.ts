import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Plugin } from '../../agent/plugin.ts'
import { gatewayTaskQueue } from '../../temporal/ids.ts'
import { createGatewayWorker } from '../../workers/gateway-worker.ts'
import { AGENT_ID } from '../support/fake-ports.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type TurnBench } from '../support/turn-worker.ts'

let bench: TurnBench
beforeAll(async () => {
  bench = await devServerBench()
}, 30_000)
afterAll(() => bench.stop())

const DECISION = `<response>
<thought>They want to hear it.</thought>
<actions>LOOK_UP,SPEAK_ALOUD</actions>
<text></text>
</response>`

it('runs an action that needs the sockets where they are held, and every other one where the turn runs', async () => {
  const where: string[] = []
  const pluginAt = (place: string): Plugin => ({
    name: 'voice',
    description: '',
    actions: ['LOOK_UP', 'SPEAK_ALOUD'].map((name) => ({
      name,
      description: name,
      effect: 'none' as const,
      ...(name === 'SPEAK_ALOUD' ? { needsGateway: true as const } : {}),
      handler: async () => {
        where.push(`${name} ${place}`)
        return { success: true }
      },
    })),
  })
  const vendor = scriptedVendor(DECISION)
  const ports = await bench.ports({ vendor, plugins: [pluginAt('anywhere')] })
  const { agent } = await bench.ports({ vendor, plugins: [pluginAt('at the sockets')] })
  const turn = ports.accept('Say it!')
  const holder = await createGatewayWorker(
    { ...ports, agents: { get: async () => agent } },
    {
      ...{ connection: bench.env.nativeConnection, namespace: 'default', agentId: AGENT_ID },
      ...{ heartbeatThrottleMs: 100, drainMs: 1 },
    },
  )
  const { outcome, events } = await holder.runUntil(bench.run(ports, turn))
  expect(where).toEqual(['LOOK_UP anywhere', 'SPEAK_ALOUD at the sockets'])
  expect(outcome.state).toBe('replied')
  const queues = events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'runAction' ? [scheduled.taskQueue?.name] : [],
  )
  expect(queues).toEqual([expect.any(String), gatewayTaskQueue(AGENT_ID)])
  expect(queues[0]).not.toBe(queues[1])
})
