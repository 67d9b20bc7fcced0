import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { FencedError } from '../../agent/errors.ts'
import type { Ports } from '../../agent/ports.ts'
import { steerSignal } from '../../workflows/messages.ts'
import { fakeMedia, picture } from '../support/fake-media.ts'
import type { FakePorts } from '../support/fake-ports.ts'
import { localSteps, scheduledSteps } from '../support/history-events.ts'
import { answerXml, hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type TurnBench } from '../support/turn-worker.ts'

const CAT = 'https://example.org/cat.png'
const ANSWER = answerXml('A fine cat.')
const media = fakeMedia({ [CAT]: picture() })
const WITH_CAT = { content: { attachments: [{ url: CAT }] } }

let bench: TurnBench

beforeAll(async () => {
  bench = await devServerBench()
})

afterAll(() => bench.stop())

const attachmentsOf = (ports: FakePorts) =>
  [...ports.rows.turns.values()][0]?.loaded.message.content.attachments

describe('a turn whose message has a picture', () => {
  it('looks at it before it composes the prompt, and tells Temporal nothing of it', async () => {
    const vendor = scriptedVendor('<description>A canary.</description>', ANSWER)
    const ports = await bench.ports({ vendor, media })
    const { outcome, events } = await bench.run(ports, ports.accept('Look!', WITH_CAT))
    expect(outcome).toEqual({ state: 'replied' })
    expect(localSteps(events)).toEqual(['admit', 'shouldRespond', 'composeState', 'settle'])
    expect(scheduledSteps(events)).toEqual(['attend', 'decide'])
    expect(vendor.requests[1]?.prompt).toContain('image: A canary.')
    const payloads = JSON.stringify(events, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    )
    expect(payloads).not.toMatch(/canary|example\.org/)
  })

  it('does not look at it when it says nothing', async () => {
    const judgement = '<response><action>IGNORE</action></response>'
    const ports = await bench.ports({
      ...{ vendor: scriptedVendor(judgement), media },
      room: { source: 'discord', type: 'GROUP' },
    })
    const { outcome, events } = await bench.run(ports, ports.accept('Look!', WITH_CAT))
    expect(outcome).toEqual({ state: 'ignored' })
    expect(scheduledSteps(events)).toEqual(['shouldRespondModel'])
  })

  it('answers although nobody could look at it, and says so to the model', async () => {
    const vendor = scriptedVendor(ANSWER)
    const ports = await bench.ports({ vendor })
    const lost: Ports = {
      ...ports,
      journal: {
        ...ports.journal,
        claim: (attempt, options) =>
          options.step === 'attend'
            ? Promise.reject(new FencedError('attend'))
            : ports.journal.claim(attempt, options),
      },
    }
    const { outcome } = await bench.run(lost, ports.accept('Look!', WITH_CAT))
    expect(outcome).toEqual({ state: 'replied' })
    expect(vendor.requests[0]?.prompt).toContain('1. image: (nobody has looked at it)')
  })

  it('looks in each round that an earlier generation began: that one may have died while it looked', async () => {
    const vendor = scriptedVendor('<description>A cat.</description>', ANSWER)
    const ports = await bench.ports({ vendor, media })
    const turn = ports.accept('Look!', WITH_CAT)
    const row = ports.turn(turn)
    ports.rows.turns.set(turn.turnId, { ...row, loaded: { ...row.loaded, rounds: 2 } })
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'replied' })
    expect(scheduledSteps(events)).toEqual(['attend', 'decide', 'attend', 'decide'])
  })

  it('takes no more than a third of its time for that', async () => {
    const hanging = hangingCall()
    const vendor = scriptedVendor(hanging.answer, ANSWER)
    const ports = await bench.ports({ vendor, media })
    const deadlineAt = Date.now() + 9_000
    const { outcome } = await bench.run(ports, ports.accept('Look!', { ...WITH_CAT, deadlineAt }))
    expect(outcome).toEqual({ state: 'replied' })
    expect(Date.now()).toBeLessThan(deadlineAt - 3_000)
    expect(attachmentsOf(ports)).toEqual([
      {
        url: CAT,
        description: '(image, not described: there was no time left for it)',
        unread: 'no_time',
      },
    ])
  })

  it('ends as cancelled when it is cancelled while it looks', async () => {
    const hanging = hangingCall()
    const ports = await bench.ports({ vendor: scriptedVendor(hanging.answer), media })
    const turn = ports.accept('Look!', WITH_CAT)
    const { outcome, events } = await bench.withWorker(ports, async (worker) => {
      const { handle, ended } = await worker.start(turn)
      await hanging.began
      await handle.cancel()
      return ended()
    })
    expect(outcome).toEqual({ state: 'cancelled' })
    expect(scheduledSteps(events)).toEqual(['attend'])
    expect(attachmentsOf(ports)).toEqual([{ url: CAT }])
  })

  it('looks at what came with a message that steers it, in the round that answers it', async () => {
    const asked = Promise.withResolvers<void>()
    const steered = Promise.withResolvers<void>()
    const vendor = scriptedVendor(
      async () => {
        asked.resolve()
        await steered.promise
        return answerXml('Hello.')
      },
      '<description>A cat.</description>',
      ANSWER,
    )
    const ports = await bench.ports({ vendor, media })
    const turn = ports.accept('hello')
    const load: Ports['turns']['load'] = async (ref, round = 1) => {
      const loaded = await ports.turns.load(ref)
      if (!loaded || round === 1) return loaded
      return { ...loaded, message: { ...loaded.message, content: { text: 'Look!', ...seen } } }
    }
    let seen: object = WITH_CAT.content
    const twoRounds: Ports = {
      ...ports,
      turns: {
        ...ports.turns,
        load,
        steer: async (_, round) => (round === 1 ? [{ turnId: 'other', gen: 1 }] : []),
      },
      journal: {
        ...ports.journal,
        finish: (attempt, step, result, writes) => {
          const found = [...(writes?.described?.values() ?? [])][0]
          if (found) seen = { attachments: [{ url: CAT, ...found }] }
          return ports.journal.finish(attempt, step, result, writes)
        },
      },
    }
    const { outcome, events } = await bench.withWorker(twoRounds, async (worker) => {
      const { handle, ended } = await worker.start(turn)
      await asked.promise
      await handle.signal(steerSignal)
      steered.resolve()
      return ended()
    })
    expect(outcome).toEqual({ state: 'replied' })
    expect(scheduledSteps(events)).toEqual(['decide', 'attend', 'decide'])
    expect(ports.step(turn, 'attend:2')?.state).toBe('done')
    expect(vendor.requests[2]?.prompt).toContain('image: A cat.')
  })
})
