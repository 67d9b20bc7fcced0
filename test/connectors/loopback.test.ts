import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { Caps, Dedup } from '../../agent/connector.ts'
import { connectorContract } from '../contract/connector.ts'
import { createLoopbackClient } from '../support/loopback-client-connector.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { startLoopbackPlatform } from '../support/loopback-platform.ts'

const KINDS: readonly Dedup[] = ['nonce', 'lookup', 'reserve', 'none']

async function inMemory(caps: Partial<Caps>) {
  const connector = createLoopbackConnector({ caps })
  const channel = randomUUID()
  return {
    ...{ connector, channel },
    visible: async () => connector.visible.map(({ text }) => text),
    fail: async (how: 'refused for good') => void connector.mishaps.push(how),
    close: async () => undefined,
  }
}

async function served(caps: Partial<Caps>) {
  const platform = await startLoopbackPlatform()
  const channel = randomUUID()
  return {
    ...{ connector: createLoopbackClient({ url: platform.url, caps }), channel },
    visible: async () => platform.visible(channel).map(({ text }) => text),
    fail: async (how: 'refused for good') => platform.mishap(how),
    close: platform.close,
  }
}

for (const dedup of KINDS) {
  connectorContract(`the loopback in memory (${dedup})`, () => inMemory({ dedup }))
  connectorContract(`the served loopback (${dedup})`, () => served({ dedup }))
}

describe('a served loopback platform', () => {
  const call = (client: ReturnType<typeof createLoopbackClient>, channelId: string) =>
    client.send(
      {
        ...{ room: { externalId: channelId }, key: 'k-0', part: 0, parts: 1, op: 'create' },
        body: { text: 'Hello.' },
      },
      AbortSignal.timeout(5_000),
    )

  it('tells other processes what was called, and lets them make it fail', async () => {
    const platform = await startLoopbackPlatform()
    const client = createLoopbackClient({ url: platform.url })
    const body = JSON.stringify({ kind: 'unreachable', times: 2 })
    await fetch(`${platform.url}/mishaps`, { method: 'POST', body })
    await expect(call(client, 'c')).rejects.toThrow('unreachable')
    await expect(call(client, 'c')).rejects.toThrow('unreachable')
    await call(client, 'c')
    const calls = await (await fetch(`${platform.url}/calls`)).json()
    expect(calls).toMatchObject([
      { op: 'create', channelId: 'c', key: 'k-0', outcome: 'not sent' },
      { outcome: 'not sent' },
      { outcome: 'ok' },
    ])
    const visible = await (await fetch(`${platform.url}/visible?channelId=c`)).json()
    expect(visible).toEqual([{ id: 'platform-1', channelId: 'c', text: 'Hello.', key: 'k-0' }])
    await platform.close()
  })

  it('is known not to have taken anything when nobody listens', async () => {
    const platform = await startLoopbackPlatform()
    await platform.close()
    const client = createLoopbackClient({ url: platform.url })
    await expect(call(client, 'c')).rejects.toMatchObject({ error: { kind: 'not-sent' } })
    expect(await client.check()).toMatchObject([{ level: 'fatal' }])
  })
})
