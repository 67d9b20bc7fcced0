import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Action, ActionContext, ActionResult } from '../../agent/action.ts'
import { forkedAgent } from '../../agent/forked-agent.ts'
import { apologyText } from '../../agent/prompts/apology.ts'
import { NO_PLAN, type RecordingContext, turnContext } from './turn-context.ts'

let runs: ActionContext[]
let real: RecordingContext
let answers: string[]

beforeEach(() => {
  runs = []
  answers = []
  real = turnContext()
})

class Ordering {
  readonly effect: Action['effect']
  readonly #isOpen = true
  readonly name = 'ORDER'
  readonly description = 'Orders a pizza.'
  requiresApproval: Action['requiresApproval']

  constructor(effect: Action['effect'], requiresApproval?: Action['requiresApproval']) {
    this.effect = effect
    this.requiresApproval = requiresApproval
  }

  validate(): boolean {
    return this.#isOpen
  }

  async handler(context: ActionContext): Promise<ActionResult> {
    runs.push(context)
    context.say({ text: 'Ordered.' })
    context.relate({ sourceEntityId: 'a', targetEntityId: 'b', tags: [] })
    await context.answerApproval({ id: 'some', decision: 'approve' })
    return { success: true }
  }
}

async function carriedOut(action: Action, parameters = {}): Promise<ActionResult> {
  const plugin = { name: 'pizza', description: '', actions: [action] }
  const { agent } = turnContext({ plugins: [plugin] })
  const own = forkedAgent(agent).actions.find(({ name }) => name === action.name)
  if (!own) throw new Error('The action is gone.')
  expect(own).toMatchObject({ effect: 'none', requiresApproval: false })
  return own.handler({
    ...real,
    ...{ state: { values: {}, data: {}, text: '' }, parameters, key: 'key', previous: [] },
    ...{ plan: NO_PLAN, outboxSource: () => null },
    answerApproval: async ({ id }) => {
      answers.push(id)
      return undefined
    },
  })
}

describe('the agent of a fork', () => {
  it.each(['once', 'idempotent'] as const)(
    'only rehearses an action of effect %s',
    async (effect) => {
      expect(await carriedOut(new Ordering(effect), { size: 3 })).toEqual({
        ...{ success: true, dryRun: true, wouldAsk: false, parameters: { size: 3 } },
      })
      expect(runs).toEqual([])
    },
  )

  it('carries out an action without effect, which reaches nothing outside its room', async () => {
    expect(await carriedOut(new Ordering('none'))).toEqual({ success: true })
    expect(runs).toHaveLength(1)
    expect(real.recorded.relationships).toEqual([])
    expect(answers).toEqual([])
  })

  it('asks nobody, and says that it would have', async () => {
    const dear = ({ price }: { price?: unknown }) => Number(price) > 10
    expect(await carriedOut(new Ordering('none', true))).toMatchObject({
      dryRun: true,
      wouldAsk: true,
    })
    expect(await carriedOut(new Ordering('once', dear), { price: 11 })).toMatchObject({
      wouldAsk: true,
    })
    expect(runs).toEqual([])
    expect(await carriedOut(new Ordering('none', dear), { price: 9 })).toEqual({ success: true })
  })

  it('offers what the real one offers, also where a class keeps how to tell', async () => {
    const plugin = { name: 'pizza', description: '', actions: [new Ordering('once')] }
    const { agent } = turnContext({ plugins: [plugin] })
    const own = forkedAgent(agent).actions.find(({ name }) => name === 'ORDER')
    expect(await own?.validate?.(real, { values: {}, data: {}, text: '' })).toBe(true)
    expect(forkedAgent(agent).actions.map(({ name }) => name)).toEqual(
      agent.actions.map(({ name }) => name),
    )
  })

  it('evaluates nothing and does not apologise', () => {
    const { agent } = turnContext()
    expect(agent.evaluators.length).toBeGreaterThan(0)
    expect(apologyText(agent)).toBeDefined()
    expect(forkedAgent(agent).evaluators).toEqual([])
    expect(apologyText(forkedAgent(agent))).toBeUndefined()
  })
})
