import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { ModelError, UnavailableError } from '../../agent/errors.ts'
import type { Plugin } from '../../agent/plugin.ts'
import { becomeFirstBuild } from '../../temporal/first-build.ts'
import { approveParked } from './fake-approvals.ts'
import { fakeMedia, picture } from './fake-media.ts'
import type { FakePorts } from './fake-ports.ts'
import { createLoopbackConnector } from './loopback-connector.ts'
import { answerXml, hangingCall, scriptedVendor } from './scripted-vendor.ts'
import { devServerBench, type StartedTurn, type TurnBench, type TurnWorker } from './turn-worker.ts'

/**
 * `npm run record-histories`: records one history per way a turn can end, on a real dev server, and
 * writes it to `test/histories/` as proto3 JSON. For a change of `workflows/` that is meant; as long
 * as Workflows of the old code may still run, the old histories stay, under another name.
 */
type Recording = (bench: TurnBench) => Promise<StartedTurn>

const FOLDER = new URL('../histories/', import.meta.url)

const ANSWER = answerXml('Hello Sam.')
const GROUP = { source: 'loop', type: 'GROUP' }

const CONNECTOR = createLoopbackConnector({ source: 'loop' })

const LAMPS: Plugin = {
  name: 'lamps',
  description: 'Lamps.',
  actions: ['DIM', 'LIGHT'].map((name) => ({
    name,
    description: name,
    effect: 'none',
    handler: async () => ({ success: true }),
  })),
  evaluators: [{ name: 'LOOK', description: 'Looks.', handler: async () => {} }],
}

const ORDERING: Plugin = {
  name: 'orders',
  description: 'Orders.',
  actions: [
    {
      ...{ name: 'ORDER', description: 'Orders.', effect: 'once', requiresApproval: true },
      handler: async () => ({ success: true }),
    },
  ],
}

const RECORDINGS: Readonly<Record<string, Recording>> = {
  replied: async (bench) => ran(bench, await bench.ports({ vendor: scriptedVendor(ANSWER) })),

  'replied-with-actions-delivery-and-evaluator': async (bench) => {
    const vendor = scriptedVendor(answerXml('Done.', 'REPLY, DIM, LIGHT'))
    const options = { vendor, plugins: [LAMPS], connector: CONNECTOR, room: { source: 'loop' } }
    return ran(bench, await bench.ports(options))
  },

  'replied-after-asking-and-foreign-providers': async (bench) => {
    const respond = '<response><action>RESPOND</action></response>'
    const provider = { name: 'WEATHER', get: async () => ({ text: 'It rains.' }) }
    const plugins = [{ name: 'weather', description: 'Weather.', providers: [provider] }]
    const vendor = scriptedVendor(respond, ANSWER)
    return ran(bench, await bench.ports({ vendor, plugins, room: GROUP }))
  },

  'replied-while-the-database-was-away': async (bench) => {
    const ports = await bench.ports({ vendor: scriptedVendor(ANSWER) })
    let failures = 4
    const settle: FakePorts['turns']['settle'] = async (input) => {
      failures -= 1
      if (failures >= 0) throw new UnavailableError('Postgres cannot be reached.')
      return ports.turns.settle(input)
    }
    return ran(bench, { ...ports, turns: { ...ports.turns, settle } })
  },

  'replied-pinned-to-a-build': async (bench) => {
    const ports = await bench.ports({ vendor: scriptedVendor(ANSWER) })
    const version = { deploymentName: `turns-${randomUUID()}`, buildId: 'recorded' }
    const answered = async (worker: TurnWorker) => {
      const signal = AbortSignal.timeout(10_000)
      await becomeFirstBuild(bench.client, version, { signal, onError: () => undefined })
      const started = await worker.start(ports.accept('hello'))
      await started.ended()
      return started
    }
    return bench.withWorker(ports, answered, version.deploymentName, version)
  },

  ignored: async (bench) => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    return ran(bench, ports, { participation: 'MUTED' })
  },

  'ignored-after-asking': async (bench) => {
    const vendor = scriptedVendor('<response><action>IGNORE</action></response>')
    return ran(bench, await bench.ports({ vendor, room: GROUP }))
  },

  refused: async (bench) => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    const admit = async () => ({ kind: 'refused' as const, state: 'cancelled' as const })
    return ran(bench, { ...ports, turns: { ...ports.turns, admit } })
  },

  expired: async (bench) => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    return ran(bench, ports, { deadlineAt: Date.now() - 1 })
  },

  failed: async (bench) => {
    const refusal = { code: 'model_rejected' as const, retryable: false }
    const vendor = scriptedVendor(new ModelError('Incorrect key.', refusal))
    return ran(bench, await bench.ports({ vendor }))
  },

  'timed-out': async (bench) => {
    const ports = await bench.ports({ vendor: scriptedVendor(hangingCall().answer) })
    return ran(bench, ports, { deadlineAt: Date.now() + 1_500 })
  },

  'replied-with-attachments': async (bench) => {
    const media = fakeMedia({ 'https://example.org/cat.png': picture() })
    const vendor = scriptedVendor('<description>A canary.</description>', ANSWER)
    const ports = await bench.ports({ vendor, media })
    return ran(bench, ports, {
      content: { attachments: [{ url: 'https://example.org/cat.png' }] },
    })
  },

  'replied-after-steering': async (bench) => {
    const released = Promise.withResolvers<void>()
    const vendor = scriptedVendor(async () => {
      await released.promise
      return ANSWER
    }, ANSWER)
    const ports = await bench.ports({ vendor })
    const steer = async () => [{ turnId: 'another', gen: 1 }]
    const steered = { ...ports, turns: { ...ports.turns, steer } }
    return bench.withWorker(steered, async (worker) => {
      const started = await worker.start(ports.accept('hello'))
      await started.handle.signal('steer')
      released.resolve()
      await started.ended()
      return started
    })
  },

  'replied-in-several-rounds': async (bench) => {
    const vendor = scriptedVendor(answerXml('', 'DIM, REPLY'), answerXml('It is dark.'))
    return ran(bench, await bench.ports({ vendor, plugins: [LAMPS] }))
  },

  parked: async (bench) => {
    const vendor = scriptedVendor(answerXml('May I?', 'ORDER'))
    return ran(bench, await bench.ports({ vendor, plugins: [ORDERING] }))
  },

  'resumed-after-approval': async (bench) => {
    const vendor = scriptedVendor(answerXml('May I?', 'ORDER'))
    const ports = await bench.ports({ vendor, plugins: [ORDERING] })
    return bench.withWorker(ports, async (worker) => {
      const turn = ports.accept('hello')
      await (await worker.start(turn)).ended()
      const started = await worker.start(approveParked(ports, turn))
      await started.ended()
      return started
    })
  },

  cancelled: async (bench) => {
    const call = hangingCall()
    const ports = await bench.ports({ vendor: scriptedVendor(call.answer) })
    return bench.withWorker(ports, async (worker) => {
      const started = await worker.start(ports.accept('hello'))
      await call.began
      await started.handle.cancel()
      await started.ended()
      return started
    })
  },
}

function ran(
  bench: TurnBench,
  ports: FakePorts,
  options: Parameters<FakePorts['accept']>[1] = {},
): Promise<StartedTurn> {
  return bench.withWorker(ports, async (worker: TurnWorker) => {
    const started = await worker.start(ports.accept('hello', options))
    await started.ended()
    return started
  })
}

/** Identities are `pid@host`, sticky queues too are named by them; nobody needs to know the machine. */
const anonymous = (json: string) => json.replaceAll(`${process.pid}@${hostname()}`, 'recorder')

/** All, or those that the command line names. */
async function record(wanted: readonly string[]): Promise<void> {
  const bench = await devServerBench()
  try {
    await mkdir(FOLDER, { recursive: true })
    for (const [name, recording] of Object.entries(RECORDINGS)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue
      const { handle } = await recording(bench)
      const json = anonymous(historyToJSON(await handle.fetchHistory()))
      const file = new URL(`${name}.json`, FOLDER)
      await writeFile(file, `${JSON.stringify(JSON.parse(json), null, 1)}\n`)
      process.stdout.write(`${fileURLToPath(file)}\n`)
    }
  } finally {
    await bench.stop()
  }
}

await record(process.argv.slice(2))
