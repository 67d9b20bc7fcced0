import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ConnectorError } from '../../agent/errors.ts'
import { deliveryWorkflowId } from '../../temporal/ids.ts'
import { createStartDelivery } from '../../temporal/start-delivery.ts'
import { outboxEntry } from '../support/fake-outbox.ts'
import type { FakePorts } from '../support/fake-ports.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type TurnBench } from '../support/turn-worker.ts'

const ROOM = { source: 'loopback', type: 'DM' }

describe('the delivery of a room that no turn delivers', () => {
  let bench: TurnBench
  beforeAll(async () => {
    bench = await devServerBench()
  })
  afterAll(() => bench.stop())

  const housed = async () => {
    const connector = createLoopbackConnector()
    const ports = await bench.ports({ vendor: scriptedVendor(), connector, room: ROOM })
    const turn = ports.accept('hello')
    const say = (text: string) =>
      ports.rows.outbox.push(
        outboxEntry(ports.turn(turn).loaded, {
          ...{ id: randomUUID(), source: 'loopback', content: { text } },
        }),
      )
    return { connector, ports, room: turn, say }
  }
  interface Deliveries {
    /** Resolves with the run that delivers now. */
    start(room: { roomId: string; agentId: string }): Promise<string>
    ended(runId: string): Promise<void>
  }
  let workflowId = ''
  const delivering = (ports: FakePorts, use: (deliveries: Deliveries) => Promise<void>) => {
    const taskQueue = `deliveries-${randomUUID()}`
    const start = createStartDelivery(bench.client, {
      ...{ taskQueue, workflowTaskTimeoutMs: 5_000, heartbeatTimeoutMs: 3_000 },
      hasSearchAttributes: false,
    })
    const deliveries: Deliveries = {
      async start(room) {
        await start(room)
        workflowId = deliveryWorkflowId(room.roomId)
        return (await bench.client.workflow.getHandle(workflowId).describe()).runId
      },
      ended: (runId) => bench.client.workflow.getHandle(workflowId, runId).result(),
    }
    return bench.withWorker(ports, () => use(deliveries), taskQueue)
  }

  it('shows what waits, and can run again when more has come', async () => {
    const { connector, ports, room, say } = await housed()
    await delivering(ports, async ({ start, ended }) => {
      say('Sorry.')
      await ended(await start(room))
      say('Sorry again.')
      await ended(await start(room))
    })
    expect(connector.visible.map(({ text }) => text)).toEqual(['Sorry.', 'Sorry again.'])
  })

  it('runs once however often it is started meanwhile', async () => {
    const { connector, ports, room, say } = await housed()
    say('Sorry.')
    const goOn = Promise.withResolvers<void>()
    connector.mishaps.push(() => goOn.promise)
    await delivering(ports, async ({ start, ended }) => {
      const runs = [await start(room), await start(room), await start(room)]
      goOn.resolve()
      expect(new Set(runs).size).toBe(1)
      await ended(runs[0] ?? '')
    })
    expect(connector.calls()).toBe(1)
  })

  it('leaves the rows as they are when it fails, and names no words in its history', async () => {
    const { ports, room, say } = await housed()
    say('kanarienvogel')
    const lease = async () => {
      throw new ConnectorError('kanarienvogel', { kind: 'permanent' })
    }
    await delivering({ ...ports, outbox: { ...ports.outbox, lease } }, async ({ start, ended }) => {
      await ended(await start(room))
    })
    const handle = bench.client.workflow.getHandle(workflowId)
    const history = JSON.stringify(await handle.fetchHistory())
    expect(history).toContain('connector_failed')
    expect(history).not.toContain('kanarienvogel')
    expect(ports.rows.outbox).toMatchObject([{ state: 'pending' }])
  })
})
