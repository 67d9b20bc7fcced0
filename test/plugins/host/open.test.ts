import { describe, expect, it } from '@jest/globals'
import type { ElizaPlugin, ElizaService, ElizaServiceClass } from '../../../plugins/contract.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import { greeter } from '../../support/sample-plugins/greeter.ts'
import { hostBench, hosted, stepOf } from '../../support/sample-plugins/host-bench.ts'

/** A service class that notes what happens to it. */
function serviceClass(type: string, notes: string[], more: Partial<ElizaServiceClass> = {}) {
  class Service {
    static serviceType = type
    readonly capabilityDescription = type
    static async start(_runtime: Runtime): Promise<ElizaService> {
      notes.push(`start ${type}`)
      return new Service() as unknown as ElizaService
    }
    async stop() {
      notes.push(`stop ${type}`)
    }
  }
  return Object.assign(Service, more) as unknown as ElizaServiceClass
}

const failing = (init: ElizaPlugin['init']): ElizaPlugin => ({
  name: 'failing',
  init,
  actions: [{ name: 'NEVER', handler: () => undefined }],
})

describe('opening an agent', () => {
  it('loads, initialises with texts, and tells of the members', async () => {
    const configs: unknown[] = []
    const bench = hostBench([{ ...greeter, init: (config) => void configs.push(config) }])
    const agent = hosted(['greeter'])
    const { report, loaded, plugins } = await bench.host.open(agent)
    expect(configs).toEqual([{ GREETING: 'Hi', TIMES: '2' }])
    expect(report).toEqual([
      {
        ...{ asked: 'greeter', name: 'greeter', version: '1.0.0', state: 'loaded', reason: null },
        members: { actions: 1, providers: 1, evaluators: 1, services: 0, models: 0, routes: 0 },
        faults: [],
      },
    ])
    expect([loaded.length, plugins.length]).toEqual([1, 1])
  })

  it('without plugins makes no façade until somebody asks for it', async () => {
    let made = 0
    const bench = hostBench([])
    const counted = hostBench([], {
      createRuntime: (host) => {
        made += 1
        return { agentId: host.agentId, character: host.character } as Runtime
      },
    })
    const agent = hosted([])
    const opened = await counted.host.open(agent)
    expect([opened.plugins, opened.routes, opened.report, made]).toEqual([[], [], [], 0])
    expect(counted.host.events(agent.id)?.has('RUN_STARTED')).toBe(false)
    expect(counted.host.agent(agent.id)?.actions.length).toBeGreaterThan(0)
    expect(made).toBe(0)
    expect([opened.runtime.agentId, made]).toEqual([agent.id, 1])
    await bench.host.close()
  })

  it.each([
    ['throws in init', () => Promise.reject(new Error('no database')), 'failed: no database'],
    ['never resolves', () => new Promise(() => undefined), 'It gave nothing within 30 ms.'],
  ])(
    'leaves out a plugin that %s, names it, and starts the others',
    async (_what, init, reason) => {
      const bench = hostBench([failing(init), greeter], { timeMs: { init: 30 } })
      const agent = hosted(['failing', 'greeter'])
      const { report } = await bench.host.open(agent)
      expect(report.map(({ asked, state }) => [asked, state])).toEqual([
        ['failing', 'failed'],
        ['greeter', 'loaded'],
      ])
      expect(report[0]?.reason).toContain(reason)
      const names = bench.host.agent(agent.id)?.actions.map(({ name }) => name)
      expect([names?.includes('GREET'), names?.includes('NEVER')]).toEqual([true, false])
      expect(bench.lines).toContainEqual(
        expect.objectContaining({
          message: "The agent 'Ada' starts without the plugin 'failing'.",
        }),
      )
    },
  )

  it('drops what a failing init has registered, now and later', async () => {
    const plugin: ElizaPlugin = {
      name: 'failing',
      async init(_config, runtime) {
        runtime.registerAction({ name: 'EARLY', handler: () => undefined })
        runtime.registerEvent('RUN_STARTED', () => undefined)
        setImmediate(() => runtime.registerAction({ name: 'LATE', handler: () => undefined }))
        throw new Error('half way')
      },
    }
    const bench = hostBench([plugin, greeter])
    const agent = hosted(['failing', 'greeter'])
    await bench.host.open(agent)
    await new Promise((resolve) => setImmediate(resolve))
    const names = bench.host.agent(agent.id)?.actions.map(({ name }) => name) ?? []
    expect(names.filter((name) => ['EARLY', 'LATE', 'GREET'].includes(name))).toEqual(['GREET'])
    expect(bench.host.events(agent.id)?.has('RUN_STARTED')).toBe(false)
  })

  it('refuses to start without a required plugin, and says what to do', async () => {
    const bench = hostBench([])
    const agent = hosted(['@acme/plugin-pay'], { settings: { requiredPlugins: ['pay'] } })
    const sentence =
      "The agent 'Ada' requires the plugin '@acme/plugin-pay': The plugin '@acme/plugin-pay' is not " +
      'installed. Run: npx turnkeeper plugin add @acme/plugin-pay'
    await expect(bench.host.open(agent)).rejects.toThrow(sentence)
    await expect(bench.host.open(agent)).rejects.toThrow(sentence)
    expect(bench.loads).toHaveLength(1)
  })

  it('keeps the report of an agent that it refused to start, until it starts', async () => {
    const plugins: ElizaPlugin[] = [greeter]
    const bench = hostBench(plugins)
    const agent = hosted(['greeter', 'pay'], { settings: { requiredPlugins: 'pay' } })
    await expect(bench.host.open(agent)).rejects.toMatchObject({ code: 'required_plugin_failed' })
    const { report } = bench.host.failure(agent.id) ?? {}
    expect(report?.map(({ asked, state }) => `${asked} ${state}`).sort()).toEqual([
      'greeter loaded',
      'pay failed',
    ])
    expect([bench.host.openIds(), bench.host.heldIds()]).toEqual([[], [agent.id]])
    await bench.host.close(agent.id)
    plugins.push({ name: 'pay', description: 'Pays.' })
    await bench.host.open(agent)
    expect(bench.host.failure(agent.id)).toBeUndefined()
  })

  it.each([
    [
      'weather',
      './plugins/weather.ts',
      /requires the plugin '\.\/plugins\/weather\.ts': .*not installed/,
    ],
    [
      'weather',
      '../plugin-weather/',
      /requires the plugin '\.\.\/plugin-weather\/': .*not installed/,
    ],
    [
      'weather',
      './mine',
      /'weather', and none .* that name\. It may be '\.\/mine': .*not installed/,
    ],
    ['weather', 'rain', /'weather', which it does not name\. Add it/],
  ])('says where a required %s may be that is asked for as %s', async (name, asked, sentence) => {
    const bench = hostBench([])
    const agent = hosted([asked], { settings: { requiredPlugins: [name] } })
    await expect(bench.host.open(agent)).rejects.toThrow(sentence)
  })

  it('keeps secrets out of reasons', async () => {
    const plugin = failing((_config, runtime) => {
      throw new Error(`401 for ${String(runtime.getSetting('API_KEY'))}`)
    })
    const bench = hostBench([plugin])
    const agent = hosted(['failing'], { secrets: { API_KEY: 'very-secret-value' } })
    const { report } = await bench.host.open(agent)
    expect(report[0]?.reason).toContain('401 for [secret]')
    expect(JSON.stringify(bench.lines)).not.toContain('very-secret-value')
  })

  it('loads dependencies that are installed, before what needs them', async () => {
    const order: string[] = []
    const noting = (name: string, dependencies: string[] = []): ElizaPlugin => ({
      ...{ name, dependencies, init: () => void order.push(name) },
    })
    const bench = hostBench([noting('cart', ['shop']), noting('shop')])
    await bench.host.open(hosted(['cart']))
    expect(order).toEqual(['shop', 'cart'])
  })

  it('needs no package for what Turnkeeper does itself', async () => {
    const bench = hostBench([], { isOurs: (vendor) => vendor === 'openai' })
    const names = ['@elizaos/plugin-sql', '@elizaos/plugin-bootstrap', '@elizaos/plugin-openai']
    const { report } = await bench.host.open(hosted([...names, '@elizaos/plugin-groq']))
    expect(report.map(({ state }) => state)).toEqual([
      ...['superseded', 'superseded', 'superseded', 'failed'],
    ])
    expect(report[2]?.reason).toContain("Turnkeeper's own client of 'openai' answers")
    expect(bench.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  it.each(['false', 'off', 0, 'no'])('loads bootstrap when the built-ins are %p', async (no) => {
    const bootstrap: ElizaPlugin = { name: 'bootstrap', description: 'x' }
    const bench = hostBench([bootstrap])
    const off = hosted(['bootstrap'], { settings: { TURNKEEPER_BUILT_INS: no } })
    const { report } = await bench.host.open(off)
    expect(report.map(({ state }) => state)).toEqual(['loaded'])
  })

  it('shows an action that is registered later', async () => {
    const changes: string[] = []
    const bench = hostBench([greeter], { onChanged: (agentId) => void changes.push(agentId) })
    const agent = hosted(['greeter'])
    const { runtime } = await bench.host.open(agent)
    expect(changes).toEqual([])
    runtime.registerAction({ name: 'LATER', handler: () => undefined })
    expect(changes).toEqual([agent.id])
    const names = bench.host.agent(agent.id)?.actions.map(({ name }) => name)
    expect(names).toContain('LATER')
  })

  it('takes a plugin that is registered later, once, and refuses one that fails', async () => {
    let inits = 0
    const init = () => {
      inits += 1
    }
    const bench = hostBench([])
    const agent = hosted([])
    const { runtime } = await bench.host.open(agent)
    await runtime.registerPlugin({ ...greeter, init })
    await runtime.registerPlugin({ ...greeter, init })
    const names = bench.host.agent(agent.id)?.actions.map(({ name }) => name)
    expect([inits, names?.includes('GREET')]).toEqual([1, true])
    const bad = failing(() => Promise.reject(new Error('no database')))
    await expect(runtime.registerPlugin(bad)).rejects.toThrow('no database')
    const { report } = bench.host.opened(agent.id) ?? {}
    expect(report?.map(({ state }) => state)).toEqual(['loaded', 'failed'])
  })

  it('loads once for all who ask at the same time, and keeps plugins when only words change', async () => {
    let inits = 0
    const init = () => {
      inits += 1
    }
    const bench = hostBench([{ ...greeter, init }])
    const agent = hosted(['greeter'])
    const [one, other] = await Promise.all([bench.host.open(agent), bench.host.open(agent)])
    expect([one === other, inits]).toEqual([true, 1])
    const renamed = { ...agent, version: 2, character: { ...agent.character, bio: 'Changed.' } }
    await bench.host.open(renamed)
    expect([inits, one.runtime.character.bio]).toEqual([1, 'Changed.'])
    const settings = { MODE: 'new' }
    const changed = { ...renamed, version: 3, settings }
    const third = await bench.host.open(changed)
    expect([inits, third === one]).toEqual([2, false])
    await bench.host.open(agent)
    expect(inits).toBe(2)
  })
})

describe('an agent that a project gives in code', () => {
  it('has its plugins before the named ones, and is initialised behind all services', async () => {
    const order: string[] = []
    const named: ElizaPlugin = { name: 'named', init: () => void order.push('named') }
    const plugin: ElizaPlugin = {
      ...{ name: 'own', services: [serviceClass('mail', order)] },
      init: () => void order.push('own'),
    }
    const bench = hostBench([named])
    const agent = hosted(['named'])
    const init = (runtime: unknown) => void order.push(`init ${(runtime as Runtime).agentId}`)
    const own = { plugin, version: null, folder: null }
    const code = { plugins: [own], init, version: '1' }
    const { report } = await bench.host.open({ ...agent, code })
    expect(order).toEqual(['own', 'named', 'start mail', `init ${agent.id}`])
    expect(report.map(({ asked, state }) => [asked, state])).toEqual([
      ['own', 'loaded'],
      ['named', 'loaded'],
    ])
    await bench.host.open({ ...agent, version: 2, code: { ...code, version: '2' } })
    expect(order.filter((one) => one === 'own')).toHaveLength(2)
  })

  it('starts when its init fails, which is told', async () => {
    const bench = hostBench([greeter])
    const init = () => Promise.reject(new Error('no key'))
    const code = { plugins: [], init, version: '1' }
    const { report } = await bench.host.open({ ...hosted(['greeter']), code })
    expect(report.map(({ asked, state }) => [asked, state])).toEqual([
      ['greeter', 'loaded'],
      ['project', 'failed'],
    ])
    expect(report[1]?.reason).toBe("The init of 'Ada' in its file failed: no key")
  })
})

describe('services of plugins', () => {
  it('start in order after every init, several of one type, and stop last first', async () => {
    const notes: string[] = []
    const [a, b] = [serviceClass('store', notes), serviceClass('store', notes)]
    const first: ElizaPlugin = {
      name: 'first',
      services: [a],
      init: () => void notes.push('init 1'),
    }
    const second: ElizaPlugin = {
      ...{ name: 'second', services: [b, serviceClass('mail', notes)] },
      init: () => void notes.push('init 2'),
    }
    const bench = hostBench([first, second])
    const agent = hosted(['first', 'second'])
    const { runtime, report } = await bench.host.open(agent)
    expect(runtime.services.get('store')).toHaveLength(2)
    expect(runtime.getServiceHealth().store).toMatchObject({ status: 'registered', instances: 2 })
    expect(report.map(({ members }) => members.services)).toEqual([1, 2])
    await bench.host.close(agent.id)
    expect(notes).toEqual([
      ...['init 1', 'init 2', 'start store', 'start store', 'start mail'],
      ...['stop mail', 'stop store', 'stop store'],
    ])
    expect(bench.host.opened(agent.id)).toBeUndefined()
  })

  it('of a type of the host are not started', async () => {
    const notes: string[] = []
    const types = ['task', 'embedding-generation', 'message-bus-service']
    const services = types.map((type) => serviceClass(type, notes))
    const bench = hostBench([{ name: 'taskful', services }])
    const { report } = await bench.host.open(hosted(['taskful']))
    expect([notes, report[0]?.reason]).toEqual([[], null])
  })

  it('register their send handlers by their class', async () => {
    const notes: string[] = []
    const service = serviceClass('chat', notes, {
      registerSendHandlers: (runtime, instance) =>
        runtime.registerSendHandler('chat', async () => void notes.push(typeof instance.stop)),
    })
    const bench = hostBench([{ name: 'chatty', services: [service] }])
    const { runtime } = await bench.host.open(hosted(['chatty']))
    await runtime.sendHandlers.get('chat')?.(runtime, { source: 'chat' }, { text: 'x' })
    expect(notes).toEqual(['start chat', 'function'])
  })

  it('that do not start are named; the plugin works without, unless it is required', async () => {
    const slow = serviceClass('slow', [], { start: () => new Promise(() => undefined) })
    const plugins = [{ ...greeter, services: [slow] }]
    const bench = hostBench(plugins, { timeMs: { service: 20 } })
    const { report, runtime } = await bench.host.open(hosted(['greeter']))
    expect(runtime.getServiceHealth().slow).toMatchObject({ status: 'failed', instances: 0 })
    expect(report[0]).toMatchObject({ state: 'loaded', members: { services: 0 } })
    expect(report[0]?.reason).toContain("The service slow of the plugin 'greeter' failed")
    const strict = hosted(['greeter'], { settings: { requiredPlugins: 'greeter' } })
    await expect(bench.host.open(strict)).rejects.toThrow("requires the plugin 'greeter'")
  })

  it('that start too late are stopped again', async () => {
    const notes: string[] = []
    const { promise: gate, resolve: go } = Promise.withResolvers<void>()
    const { promise: stopped, resolve } = Promise.withResolvers<void>()
    const start = async () => {
      await gate
      return { stop: () => resolve() }
    }
    const service = serviceClass('slow', notes, { start })
    const bench = hostBench([{ name: 'late', services: [service] }], { timeMs: { service: 20 } })
    const { runtime } = await bench.host.open(hosted(['late']))
    go()
    await stopped
    expect(runtime.services.has('slow')).toBe(false)
  })

  it('that hold a socket send the plugin’s actions to the process that holds it', async () => {
    const socket = Object.assign(serviceClass('phone', []), { holdsSocket: true })
    const action = { name: 'CALL', handler: () => undefined }
    const plain: ElizaPlugin = {
      name: 'plain',
      actions: [{ name: 'PLAIN', handler: () => undefined }],
    }
    const plugins = [{ name: 'phone', services: [socket], actions: [action] }, plain]
    const elsewhere = { join: async () => false, leave: async () => {}, holds: () => false }
    const needs = async (bench: ReturnType<typeof hostBench>) => {
      const agent = hosted(['phone', 'plain'])
      const { runtime } = await bench.host.open(agent)
      const actions = bench.host.agent(agent.id)?.actions ?? []
      const marks = ['CALL', 'PLAIN'].map((name) => actions.find((one) => one.name === name))
      return [...marks.map((one) => one?.needsGateway), runtime.services.has('phone')]
    }
    const held = await needs(hostBench(plugins, { gateway: elsewhere }))
    expect(held).toEqual([true, undefined, false])
    // Where nobody keeps count each process has its own.
    expect(await needs(hostBench(plugins))).toEqual([undefined, undefined, true])
  })
})

describe('task workers of plugins', () => {
  it('carry out tasks in the step of the choice', async () => {
    const seen: unknown[] = []
    const plugin: ElizaPlugin = {
      name: 'tasks',
      init: (_config, runtime) =>
        runtime.registerTaskWorker({
          name: 'PICK',
          execute: (_runtime, options, task) => void seen.push(options, task.name, task.tags),
        }),
    }
    const bench = hostBench([plugin])
    const agent = hosted(['tasks'])
    await bench.host.open(agent)
    const { context } = stepOf(bench, agent.id)
    const task = { id: 't', name: 'PICK', description: '', tags: ['x'], metadata: {} }
    await bench.host
      .agent(agent.id)
      ?.runTask?.(context, { ...task, createdAt: 1, updatedAt: 1 }, { option: 'a' })
    expect(seen).toEqual([{ option: 'a' }, 'PICK', ['x']])
  })
})
