import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { AGENT_ID, fakeRuntimeHost, fakeTurn, ROOM_ID } from '../../support/fake-runtime-host.ts'

const memory = { entityId: AGENT_ID, roomId: ROOM_ID, content: { text: 'Tea at four.' } }

describe('the runtime as plugins treat it', () => {
  it('works behind a Proxy', async () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const wrapped = new Proxy(runtime, {
      get: (target, name, receiver) => Reflect.get(target, name, receiver),
    })
    const id = await wrapped.createMemory(memory, 'facts')
    expect(await wrapped.getMemoryById(id)).toMatchObject({ content: { text: 'Tea at four.' } })
    expect(wrapped.getSetting('NOTHING')).toBeNull()
    expect(wrapped.hasService('pdf')).toBe(false)
  })

  it('works with members that were taken out of it', async () => {
    const { createMemory, getMemories } = createRuntime(fakeRuntimeHost())
    await createMemory(memory, 'facts')
    expect(await getMemories({ tableName: 'facts' })).toHaveLength(1)
  })

  it('asks the members that a test has put in place of its own', async () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const vector = [0.5, 0.25]
    runtime.useModel = async <T>() => vector as T
    runtime.getSetting = () => 7
    expect(await runtime.addEmbeddingToMemory({ ...memory })).toMatchObject({ embedding: vector })
    expect(runtime.getConversationLength()).toBe(7)
  })

  it('finds a service that was put into the Map, also one that was waited for', async () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const waited = runtime.getServiceLoadPromise('pdf')
    expect(runtime.getService('pdf')).toBeNull()
    expect(runtime.getServiceRegistrationStatus('pdf')).toBe('pending')
    const service = { capabilityDescription: 'Reads files.' }
    runtime.services.set('pdf', [service])
    expect(await waited).toBe(service)
    expect(runtime.getService('pdf')).toBe(service)
    expect([...runtime.getAllServices().keys()]).toEqual(['pdf'])
    expect(runtime.getServiceHealth()).toMatchObject({
      pdf: { status: 'registered', instances: 1 },
    })
  })

  it('finds services in a Map that a test has put in place of its own', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const service = { capabilityDescription: 'Reads files.' }
    runtime.services = new Map([['pdf', [service]]])
    expect(runtime.getService('pdf')).toBe(service)
  })

  it('gives a shared service when the agent has none of its own', () => {
    const host = fakeRuntimeHost()
    const runtime = createRuntime(host)
    host.shared.set('clock', 'shared')
    expect(runtime.getService('clock')).toBe('shared')
    runtime.services.set('clock', [{ own: true }])
    expect(runtime.getServicesByType('clock')).toEqual([{ own: true }])
  })

  it('says which service class failed to start', async () => {
    const host = fakeRuntimeHost()
    const start = async () => Promise.reject(new Error('no port'))
    const runtime = createRuntime({ ...host, startService: start })
    await expect(runtime.registerService({ name: 'Pdf', serviceType: 'pdf' })).rejects.toThrow(
      'no port',
    )
    expect(runtime.getServiceRegistrationStatus('pdf')).toBe('failed')
    await expect(runtime.registerService({ name: 'Nameless' })).rejects.toThrow("'Nameless'")
  })

  it('keeps the first action of a name and tells the host of new members', () => {
    const host = fakeRuntimeHost()
    const runtime = createRuntime(host)
    const action = { name: 'WAVE', handler: () => undefined }
    runtime.registerAction(action)
    runtime.registerAction({ ...action, description: 'another' })
    expect(runtime.actions).toEqual([action])
    expect(host.told.changed).toBe(1)
    expect(host.logged).toMatchObject([{ level: 'warn', fields: { member: 'WAVE' } }])
  })

  it('holds a bounded number of states', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const state = { values: {}, data: {}, text: '' }
    for (let n = 0; n < 1_000; n += 1) runtime.stateCache.set(`message-${n}`, state)
    expect(runtime.stateCache.size).toBe(300)
    expect(runtime.stateCache.has('message-999')).toBe(true)
    expect(runtime.stateCache).toBeInstanceOf(Map)
  })

  it('fetches with the fetch of the moment', async () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const real = globalThis.fetch
    globalThis.fetch = async () => new Response('replaced')
    try {
      expect(await (await runtime.fetch('http://127.0.0.1:1/')).text()).toBe('replaced')
    } finally {
      globalThis.fetch = real
    }
  })

  it('logs with agent, plugin and turn, without what is long', async () => {
    const host = fakeRuntimeHost()
    const runtime = createRuntime(host)
    const turn = fakeTurn(host)
    await turn.run(() => {
      runtime.logger.info({ src: 'greeter', state: { text: 'a prompt' } }, 'It %s.', 'waved')
      runtime.logger.error(new Error('no port'), 'It failed.')
      runtime.logger.child({ part: 'hand' }).warn('x'.repeat(5_000))
    })
    runtime.logger.success('Later.')
    const { turnId } = turn.context.turn
    expect(host.logged).toMatchObject([
      {
        level: 'info',
        message: 'It waved.',
        fields: { plugin: 'greeter', turnId, src: 'greeter' },
      },
      { level: 'error', message: 'It failed.', fields: { error: 'no port' } },
      { level: 'warn', fields: { part: 'hand', member: 'action GREET' } },
      { level: 'info', message: 'Later.', fields: { agentId: AGENT_ID } },
    ])
    expect(host.logged[0]?.fields).not.toHaveProperty('state')
    expect(host.logged[2]?.message.length).toBeLessThan(2_000)
  })
})
