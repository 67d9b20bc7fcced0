import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  type IsolatedOptions,
  type IsolatedPlugin,
  openIsolated,
} from '../../../plugins/isolated/isolated-plugin.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

const FOLDER = join(import.meta.dirname, 'fixture')
const quiet = () => undefined
const lines: string[] = []

function optionsOf(hosts: readonly string[]): IsolatedOptions {
  return {
    ...{ asked: 'isolated-fixture', folder: FOLDER, entry: join(FOLDER, 'index.js') },
    ...{ exportNames: [], agentId: 'agent', character: { name: 'Ada' } },
    settings: { CITY: 'London', OTHER_KEY: 'canary' },
    permissions: {
      ...{ hosts, paths: [], tables: ['*'], rooms: 'agent', secrets: ['CITY'] },
      process: 'isolated',
    },
    isPublicAddress: () => false,
    log: { debug: quiet, info: quiet, warn: (_, text) => void lines.push(text), error: quiet },
    limits: { callMs: 2_500, backOffMs: 60 },
  }
}

describe('a plugin in a process of its own', () => {
  const server = createServer((_, response) => response.end('hi'))
  const wrote: unknown[] = []
  const said: unknown[] = []
  let port = 0
  let isolated: IsolatedPlugin

  const runtime = {
    agentId: 'agent',
    getMemories: async (params: unknown) => [{ id: 'm', params }],
    createMemory: async (memory: unknown) => void wrote.push(memory),
    setCache: async (key: string) => void wrote.push(key),
  } as unknown as Runtime // the members that the fixture asks for

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port // it listens on a port
    isolated = await openIsolated(optionsOf([`127.0.0.1:${port}`]))
    await isolated.plugin.init?.({}, runtime)
  })
  afterAll(async () => {
    await isolated.end()
    server.closeAllConnections()
    server.close()
  })

  const trick = async (name: string, of: object = {}): Promise<unknown> => {
    const [action] = isolated.plugin.actions ?? []
    const content = { trick: name, ...of }
    const callback = async (answer: unknown) => {
      said.push(answer)
      return []
    }
    const message = { entityId: 'e', roomId: 'r', content }
    return action?.handler(runtime, message, undefined, {}, callback)
  }

  /** After the pause that follows an end. */
  const again = async (deadline = Date.now() + 5_000): Promise<unknown> => {
    try {
      return await trick('pid')
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(20)
      return again(deadline)
    }
  }

  it('shows its members, and names those that do not work there', async () => {
    const { plugin, unsupported } = isolated
    expect(plugin.actions?.[0]).toMatchObject({ name: 'TRICK', similes: ['DO'] })
    expect(plugin.providers?.[0]).toMatchObject({ name: 'WEATHER', position: 3 })
    expect(unsupported).toEqual(['services'])
    const state = { values: {}, data: {}, text: '' }
    const message = { entityId: 'e', roomId: 'r', content: {} }
    expect(await plugin.providers?.[0]?.get(runtime, message, state)).toEqual({ text: 'It rains.' })
    expect(wrote).toContain('initialised')
  })

  it('reaches the runtime, its permitted settings and the callback', async () => {
    expect(await trick('memory')).toEqual({
      ...{ success: true, data: ['London', [{ id: 'm', params: { count: 1 } }]] },
    })
    expect(said).toContainEqual({ text: 'said', bytes: Buffer.from('b') })
  })

  it.each([
    [
      'read files',
      'read',
      { path: join(FOLDER, '../isolated-plugin.test.ts') },
      /Access to this API/,
    ],
    ['start threads', 'thread', {}, /Access to this API/],
    ['connect elsewhere', 'connect', { port: 1 }, /may not reach '127.0.0.1'/],
    ['send datagrams', 'datagram', { port: 1 }, /may not reach datagrams/],
    ['send signals', 'signal', {}, /may not send signals/],
    ['send signals past that', 'rawSignal', {}, /may not send signals/],
    ['open our debugger', 'debug', {}, /may not send signals/],
    ['register members', 'unsupported', {}, /'runtime.registerAction' does not work/],
  ])('may not %s', async (_, name, of, reason) => {
    await expect(trick(name, of)).rejects.toThrow(reason)
  })

  it('may not start programs, and sees nothing of the environment', async () => {
    await expect(trick('spawn')).rejects.toThrow(/Access to this API/)
    expect(await trick('environment')).toMatchObject({ data: expect.not.arrayContaining(['PATH']) })
  })

  it('reaches the hosts that were granted, and no others', async () => {
    expect(await trick('fetch', { url: `http://127.0.0.1:${port}` })).toMatchObject({ data: 'hi' })
    expect(await trick('http', { url: `http://127.0.0.1:${port}/a` })).toMatchObject({ data: 200 })
    await expect(trick('shifting', { port: 1, other: port })).rejects.not.toThrow(/ECONNREFUSED/)
    await expect(trick('fetch', { url: `http://localhost:${port}` })).rejects.toThrow(
      /fetch failed/,
    )
  })

  it('writes a hundred lines a minute, and none of them is long', async () => {
    lines.length = 0
    await trick('shout')
    expect([lines.length, lines[0]?.length]).toEqual([100, 1_000])
  })

  it('is refused what it asks for after it returned', async () => {
    await trick('late')
    expect(await trick('outcome')).toMatchObject({
      data: 'It was asked after the member had returned.',
    })
    expect(wrote).not.toContainEqual({ late: true })
  })

  it.each([
    ['exits', () => trick('exit'), /'isolated-fixture' failed: its process ended with code 3/],
    ['throws where nobody catches', () => trick('hang', { throws: true }), /thrown by nobody/],
    [
      'is killed',
      async () => {
        const { data: pid } = (await trick('pid')) as { data: number } // of the fixture
        const failure = trick('hang')
        process.kill(pid, 'SIGKILL')
        return failure
      },
      /its process ended by SIGKILL/,
    ],
  ])('fails by name when it %s, and starts again with its init', async (_, die, reason) => {
    const before = await again()
    wrote.length = 0
    await expect(die()).rejects.toThrow(reason)
    expect(await again()).not.toEqual(before)
    expect(wrote).toContain('initialised')
  })

  it('is ended when it never returns', async () => {
    await expect(trick('loop')).rejects.toThrow(
      /gave no answer within 2.5 s, and its process was ended/,
    )
    expect(await again()).toMatchObject({ success: true })
  })
})
