import { expect, it } from '@jest/globals'
import { createApp } from '../../../api/app.ts'
import {
  createPluginRoutesPort,
  createPluginsPort,
  type PluginParts,
} from '../../../bin/api/plugins.ts'
import { createFakeApi } from '../../support/fake-api-deps.ts'
import { greeter } from '../../support/sample-plugins/greeter.ts'
import { hostBench, hosted } from '../../support/sample-plugins/host-bench.ts'

/** An agent that requires a plugin which is not installed, and has one that works. */
function houseWithout(required: string) {
  const { host } = hostBench([greeter])
  const agent = hosted(['greeter', required], { settings: { requiredPlugins: required } })
  const parts = {
    agents: {
      stored: async (id: string) => ({ id, row: { status: 'active', updated_at: new Date(1) } }),
      registry: { get: () => host.open(agent) },
    },
    house: { host },
  } as unknown as PluginParts // what is asked for of it
  return { agentId: agent.id, parts }
}

it('tells of an agent without its required plugin what became of all of them', async () => {
  const { agentId, parts } = houseWithout('pay')
  const { list } = createPluginsPort(parts)
  const expected = [
    { asked: 'pay', state: 'failed', reason: expect.stringContaining('is not installed') },
    { asked: 'greeter', state: 'loaded', members: { actions: 1 } },
  ]
  expect(await list(agentId)).toMatchObject(expected)
  expect(await list(agentId)).toMatchObject(expected)
})

it('answers 503 for its panels and routes, with the reason, and 200 for its plugins', async () => {
  const { agentId, parts } = houseWithout('pay')
  const fake = createFakeApi({}, { plugins: createPluginsPort(parts) })
  const app = createApp(fake.deps)
  const panels = await app.request(`/api/agents/${agentId}/panels`)
  expect([panels.status, await panels.json()]).toEqual([
    503,
    {
      success: false,
      error: {
        code: 'REQUIRED_PLUGIN_FAILED',
        message: expect.stringContaining("requires the plugin 'pay': The plugin 'pay' is not inst"),
      },
    },
  ])
  const plugins = await app.request(`/api/agents/${agentId}/plugins`)
  expect(plugins.status).toBe(200)
  const routes = createPluginRoutesPort(parts)
  const asked = routes.find({ method: 'GET', path: '/greeter/hello', agentId })
  await expect(asked).rejects.toMatchObject({ code: 'required_plugin_failed' })
  expect(fake.logged).toEqual([])
})
