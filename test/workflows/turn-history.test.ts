import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { temporal } from '@temporalio/proto'
import { ConnectorError, ModelError } from '../../agent/errors.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { FakePorts } from '../support/fake-ports.ts'
import { namesOf, summaryOf } from '../support/history-events.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { answerXml, scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type HistoryEvent, type TurnBench } from '../support/turn-worker.ts'

const CANARY = 'kanarienvogel'
const WORKFLOW_TASK = [
  'WORKFLOW_TASK_SCHEDULED',
  'WORKFLOW_TASK_STARTED',
  'WORKFLOW_TASK_COMPLETED',
]
const REST_OF_STEP = ['ACTIVITY_TASK_STARTED', 'ACTIVITY_TASK_COMPLETED']

let bench: TurnBench

beforeAll(async () => {
  bench = await devServerBench()
})

afterAll(() => bench.stop())

const jsonOf = (events: readonly HistoryEvent[]) =>
  historyToJSON(temporal.api.history.v1.History.create({ events: [...events] }))

/** The history as JSON, with every payload decoded beside it. */
function readable(events: readonly HistoryEvent[]): string {
  const json = jsonOf(events)
  const encoded = [...json.matchAll(/"data":\s*"([^"]*)"/g)]
  return json + encoded.map(([, data = '']) => Buffer.from(data, 'base64').toString()).join('\n')
}

async function historyOf(ports: FakePorts, text = 'hello'): Promise<readonly HistoryEvent[]> {
  const { events } = await bench.run(ports, ports.accept(text))
  return events
}

describe('the history of a turn', () => {
  it('is 15 events and a few KiB when the turn is an ordinary one', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor(answerXml('Hello Sam.')) })
    const events = await historyOf(ports)
    expect(namesOf(events)).toEqual([
      'WORKFLOW_EXECUTION_STARTED',
      ...WORKFLOW_TASK,
      'MARKER_RECORDED admit',
      'MARKER_RECORDED shouldRespond',
      'MARKER_RECORDED composeState',
      'ACTIVITY_TASK_SCHEDULED decide',
      ...REST_OF_STEP,
      ...WORKFLOW_TASK,
      'MARKER_RECORDED settle',
      'WORKFLOW_EXECUTION_COMPLETED',
    ])
    expect(Buffer.byteLength(jsonOf(events))).toBeLessThan(20 * 1024)
  })

  it('is 8 events when the turn says nothing', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    const turn = ports.accept('hello', { participation: 'MUTED' })
    const { events } = await bench.run(ports, turn)
    expect(namesOf(events)).toEqual([
      'WORKFLOW_EXECUTION_STARTED',
      ...WORKFLOW_TASK,
      'MARKER_RECORDED admit',
      'MARKER_RECORDED shouldRespond',
      'MARKER_RECORDED settle',
      'WORKFLOW_EXECUTION_COMPLETED',
    ])
  })

  it('is 6 events longer for an action, a delivery or an evaluator', async () => {
    const vendor = () => scriptedVendor(answerXml('Hello Sam.', 'REPLY, DIM'))
    const handler = async () => ({ success: true })
    const dimming = { name: 'DIM', description: 'Dims.', effect: 'none' as const, handler }
    const lamps = { name: 'lamps', description: 'Lamps.', actions: [dimming] }
    const looking = { name: 'LOOK', description: 'Looks.', handler: async () => {} }
    const observers = { name: 'observers', description: 'Observers.', evaluators: [looking] }
    const connector = createLoopbackConnector({ source: 'loop' })
    const turns = [
      await bench.ports({ vendor: vendor(), plugins: [lamps] }),
      await bench.ports({ vendor: vendor(), plugins: [observers] }),
      await bench.ports({ vendor: vendor(), connector, room: { source: 'loop' } }),
    ]
    const lengths = await Promise.all(turns.map(async (ports) => (await historyOf(ports)).length))
    expect(lengths).toEqual([21, 21, 21])
  })

  it('says in words what each step does, local and regular ones alike', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor(answerXml('Hello Sam.')) })
    const events = await historyOf(ports)
    const steps = events.filter(
      (event) => event.markerRecordedEventAttributes || event.activityTaskScheduledEventAttributes,
    )
    expect(steps.map(summaryOf)).toEqual([
      'Take the turn',
      'Answer at all? The rules',
      'Compose the prompt',
      'Ask the model',
      'Commit the outcome',
    ])
    expect(events[0] && summaryOf(events[0])).toMatch(/^Turn [0-9a-f-]{36} of agent /)
  })
})

describe('what a history never holds', () => {
  const chatty: Plugin = {
    name: 'chatty',
    description: CANARY,
    actions: [
      {
        name: 'FAIL',
        description: CANARY,
        effect: 'none',
        handler: async () => {
          throw new Error(CANARY)
        },
      },
    ],
    evaluators: [
      {
        name: 'FAIL',
        description: CANARY,
        handler: async () => {
          throw new ConnectorError(CANARY, { kind: 'permanent', cause: new Error(CANARY) })
        },
      },
    ],
    providers: [
      {
        name: 'FAIL',
        get: async () => {
          throw new Error(CANARY)
        },
      },
    ],
  }

  function expectNoWords(events: readonly HistoryEvent[]): void {
    const text = readable(events)
    expect(text).not.toContain(CANARY)
    expect(text).not.toMatch(/stackTrace|node_modules|file:|\.ts:\d/)
  }

  it.each(['model_unavailable', 'model_rejected'] as const)(
    'is what a vendor said that ended the turn as %s',
    async (code) => {
      const retryAfterMs = 1
      const refusal = { code, retryable: code === 'model_unavailable', retryAfterMs }
      const error = new ModelError(CANARY, { ...refusal, cause: new Error(CANARY) })
      const ports = await bench.ports({ vendor: scriptedVendor(error) })
      const events = await historyOf(ports, CANARY)
      expect(readable(events)).toContain(code)
      expectNoWords(events)
    },
  )

  it('is what was said, thought and composed, or what plugins threw', async () => {
    const vendor = scriptedVendor(answerXml(CANARY, 'REPLY, FAIL', CANARY))
    const templates = { messageHandlerTemplate: `${CANARY} {{providers}}` }
    const ports = await bench.ports({ vendor, plugins: [chatty], templates })
    const turn = ports.accept(CANARY)
    const { events } = await bench.run(ports, turn)
    expect(ports.turn(turn).reply?.content.text).toBe(CANARY)
    expect(namesOf(events)).toContain('ACTIVITY_TASK_FAILED')
    expectNoWords(events)
  })

  it('is why a turn could not be settled', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor(answerXml('Hello Sam.')) })
    const turn = ports.accept(CANARY)
    const load: FakePorts['turns']['load'] = async (ref) =>
      ports.step(turn, 'decide')?.state === 'done' ? undefined : ports.turns.load(ref)
    await bench.withWorker({ ...ports, turns: { ...ports.turns, load } }, async (worker) => {
      const { handle } = await worker.start(turn)
      await expect(handle.result()).rejects.toThrow('Workflow execution failed')
      const events = (await handle.fetchHistory()).events ?? []
      expect(namesOf(events)).toContain('WORKFLOW_EXECUTION_FAILED')
      expectNoWords(events)
    })
  })
})
