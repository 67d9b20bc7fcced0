import { describe, expect, it } from '@jest/globals'
import type { WorkContext } from '../../agent/context.ts'
import { AGENT_ID, fakePorts, PERSON_ID } from '../support/fake-ports.ts'
import { failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'

/** A turn whose evaluator does `work`. */
async function evaluating(work: (context: WorkContext) => Promise<void>) {
  const vendor = scriptedVendor('a reflection')
  const evaluator = { name: 'LOOK', description: 'Looks.', handler: work }
  const plugins = [{ name: 'observers', description: 'Observers.', evaluators: [evaluator] }]
  const ports = fakePorts({ vendor, plugins })
  const turn = await runningTurn(ports)
  const evaluate = (attempt = 1) =>
    fakeStep(ports, attempt).run((activities) => activities.evaluate(turn, 'LOOK'))
  return { vendor, ports, turn, evaluate }
}

const fact = (text: string) => ({ type: 'facts', entityId: AGENT_ID, content: { text } })

describe('what a member of a plugin writes', () => {
  it('is kept back until its step commits, and then written as one', async () => {
    let committedMeanwhile: number | undefined
    const { ports, turn, evaluate } = await evaluating(async (context) => {
      context.say({ text: 'I noted that.' })
      context.remember(fact('Sam has a dog.'))
      context.relate({ sourceEntityId: PERSON_ID, targetEntityId: AGENT_ID, tags: ['friend'] })
      committedMeanwhile = ports.rows.commits.length
    })
    await evaluate()
    expect(committedMeanwhile).toBe(0)
    expect(ports.rows.commits).toEqual([
      {
        step: 'evaluate:LOOK',
        messages: [{ text: 'I noted that.' }],
        memories: [fact('Sam has a dog.')],
        relationships: [{ sourceEntityId: PERSON_ID, targetEntityId: AGENT_ID, tags: ['friend'] }],
        records: [],
      },
    ])
    expect(ports.step(turn, 'evaluate:LOOK')?.result).toMatchObject({ ran: true, memories: 1 })
    expect(ports.rows.evaluatorRuns.get('LOOK')).toBe(1)
  })

  it('is gone when the step fails, and written once when it is run again', async () => {
    let attempts = 0
    const { ports, evaluate } = await evaluating(async (context) => {
      attempts += 1
      context.remember(fact('Sam has a dog.'))
      if (attempts === 1) throw new Error('Lost the thread.')
    })
    expect(await failureOf(evaluate(1))).toMatchObject({ type: 'internal' })
    expect(ports.rows.commits).toEqual([])
    await evaluate(2)
    await evaluate(3)
    expect(ports.rows.commits).toHaveLength(1)
    expect(attempts).toBe(2)
  })

  it('is text that the database can store', async () => {
    const { ports, evaluate } = await evaluating(async (context) => {
      context.remember(fact('a\u0000b'))
      context.say({ text: '\uD800' })
    })
    await evaluate()
    expect(ports.rows.commits).toMatchObject([
      { memories: [{ content: { text: 'a\uFFFDb' } }], messages: [{ text: '\uFFFD' }] },
    ])
  })

  it('is refused when a later attempt holds the step', async () => {
    const { ports, turn, evaluate } = await evaluating(async (context) => {
      context.remember(fact('Sam has a dog.'))
      await ports.journal.claim(
        { ...turn, runId: 'run-1', attempt: 2, token: 'run-1/activity/2' },
        { step: 'evaluate:LOOK', beforeSettle: false },
      )
    })
    expect(await failureOf(evaluate(1))).toMatchObject({ type: 'fenced' })
    expect(ports.rows.commits).toEqual([])
  })
})

describe('what a member of a plugin asks', () => {
  it('is answered by the model through the ledger, each question a call of its own', async () => {
    const said: string[] = []
    const { vendor, ports, evaluate } = await evaluating(async (context) => {
      said.push(await context.generate('TEXT_SMALL', { prompt: 'What changed?' }))
      said.push(await context.generate('TEXT_LARGE', { prompt: 'And then?' }))
    })
    await evaluate()
    expect(said).toEqual(['a reflection', 'a reflection'])
    expect(vendor.requests.map(({ purpose }) => purpose)).toEqual(['TEXT_SMALL', 'TEXT_LARGE'])
    expect(ports.rows.calls.map(({ call }) => [call.step, call.call])).toEqual([
      ['evaluate:LOOK', 1],
      ['evaluate:LOOK', 2],
    ])
  })

  it('is read from the database once per step', async () => {
    let reads = 0
    const { ports, turn } = await evaluating(async (context) => {
      for (let time = 0; time < 3; time += 1) {
        await context.memories.recent({ type: 'messages', count: 5 })
        await context.memories.entities()
      }
    })
    const counted = {
      recent: (options: Parameters<typeof ports.memories.recent>[0]) => {
        reads += 1
        return ports.memories.recent(options)
      },
      entities: (roomId: string) => {
        reads += 1
        return ports.memories.entities(roomId)
      },
    }
    await fakeStep({ ...ports, memories: counted }).run((a) => a.evaluate(turn, 'LOOK'))
    expect(reads).toBe(2)
  })
})

describe('an evaluator', () => {
  it('that is gone, or does not apply, is noted as not run', async () => {
    const { ports, turn } = await evaluating(async () => {})
    await fakeStep(ports).run((activities) => activities.evaluate(turn, 'GONE'))
    expect(ports.step(turn, 'evaluate:GONE')?.result).toMatchObject({ ran: false })
  })
})
