import { describe, expect, it } from '@jest/globals'
import type { ActionContext } from '../../../agent/action.ts'
import type { Agent } from '../../../agent/agent.ts'
import type { AnsweredApproval, ApprovalAnswer, PendingApproval } from '../../../agent/approvals.ts'
import { choiceProvider } from '../../../agent/plugins/core/choice-provider.ts'
import { chooseOptionAction } from '../../../agent/plugins/core/choose-option-action.ts'
import type { JsonObject } from '../../../schema/json.ts'
import { createMemoryRecords } from '../../support/memory-records.ts'
import {
  AGENT_ID,
  actionContext,
  memory,
  NO_PLAN,
  PERSON_ID,
  turnContext,
} from '../turn-context.ts'

const EMPTY = { values: {}, data: {}, text: '' }
const PIZZA: PendingApproval = {
  ...{ id: '1a2b3c4d-0000-0000-0000-000000000001', action: 'ORDER' },
  ...{ parameters: { size: 'large' }, question: 'Shall I order\na pizza?' },
}
const WINE: PendingApproval = { ...PIZZA, id: '9f8e7d6c-0000-0000-0000-000000000002' }

async function choose(
  pending: readonly PendingApproval[],
  {
    parameters = {},
    answer = '',
    outcome = { state: 'approved', isOurs: true },
  }: { parameters?: JsonObject; answer?: string; outcome?: AnsweredApproval | null } = {},
) {
  const given: ApprovalAnswer[] = []
  const context = turnContext({
    ...{ approvals: pending, answer, message: memory(PERSON_ID, 'yes please') },
  })
  const result = await chooseOptionAction.handler({
    ...context,
    ...{ state: EMPTY, parameters, key: 'key', previous: [] },
    ...{ plan: NO_PLAN, outboxSource: () => null },
    answerApproval: async (one) => {
      given.push(one)
      return outcome ?? undefined
    },
  } satisfies ActionContext)
  return { result, given, prompts: context.recorded.prompts }
}

describe('CHOICE', () => {
  it('lists what the author may answer, one line each', async () => {
    const { text } = await choiceProvider.get(turnContext({ approvals: [PIZZA] }), EMPTY)
    expect(text).toBe(
      '# Questions that wait for an answer of the author of the message\n' +
        '- 1a2b3c4d: Shall I order a pizza? (action ORDER, parameters {"size":"large"}; options approve, deny)',
    )
  })

  it('says nothing when nothing waits', async () => {
    expect(await choiceProvider.get(turnContext(), EMPTY)).toMatchObject({ text: '' })
  })
})

describe('tasks that wait for a choice', () => {
  const TASK_ID = 'aaaaaaaa-0000-0000-0000-000000000001'
  const task = {
    ...{ id: TASK_ID, name: 'PUBLISH', description: 'Publish the post?', roomId: 'room' },
    ...{ tags: ['AWAITING_CHOICE'], metadata: { options: [{ name: 'post' }, 'cancel'] } },
  }

  async function waiting(more: Parameters<typeof actionContext>[0] = {}) {
    const records = createMemoryRecords()
    await records.commit(AGENT_ID, [{ kind: 'task.put', task }])
    const ran: unknown[] = []
    const runTask: Agent['runTask'] = async (_, { name }, options) => {
      ran.push([name, options])
    }
    return { context: actionContext({ records, runTask, ...more }), ran }
  }

  it('are listed with their options, and make the action possible', async () => {
    const { context } = await waiting()
    expect((await choiceProvider.get(context, EMPTY)).text).toContain(
      '- aaaaaaaa: Publish the post? (task PUBLISH; options post, cancel, ABORT)',
    )
    expect(await chooseOptionAction.validate?.(context, EMPTY)).toBe(true)
  })

  it('are carried out by their worker, with the option that was chosen', async () => {
    const { context, ran } = await waiting({ parameters: { question: 'aaaaaaaa', option: 'Post' } })
    expect(await chooseOptionAction.handler(context)).toMatchObject({ success: true })
    expect(ran).toEqual([['PUBLISH', { option: 'post' }]])
  })

  it('are deleted when they are called off', async () => {
    const { context, ran } = await waiting({ parameters: { option: 'abort' } })
    await chooseOptionAction.handler(context)
    expect(ran).toEqual([])
    expect(context.recorded.records).toEqual([{ kind: 'task.delete', id: TASK_ID }])
  })

  it('are not for somebody without a role among several people', async () => {
    const { context, ran } = await waiting({
      ...{ room: { type: 'GROUP' }, parameters: { option: 'post' } },
    })
    expect(await chooseOptionAction.validate?.(context, EMPTY)).toBe(false)
    expect(await chooseOptionAction.handler(context)).toMatchObject({ success: false })
    expect(ran).toEqual([])
  })

  it('are not looked for where nobody carries tasks out', async () => {
    const context = turnContext()
    const tasks = async () => {
      throw new Error('An agent without plugins has no tasks.')
    }
    const asked = { ...context, records: { ...context.records, tasks } }
    expect(await chooseOptionAction.validate?.(asked, EMPTY)).toBe(false)
  })
})

describe('CHOOSE_OPTION', () => {
  it('is offered only while there is something to answer', async () => {
    expect(await chooseOptionAction.validate?.(turnContext(), EMPTY)).toBe(false)
    expect(await chooseOptionAction.validate?.(turnContext({ approvals: [PIZZA] }), EMPTY)).toBe(
      true,
    )
  })

  it('takes the question and the option from its parameters', async () => {
    const parameters = { question: '9f8e7d6c', option: 'Deny' }
    const { given, prompts } = await choose([PIZZA, WINE], { parameters })
    expect(given).toEqual([{ id: WINE.id, decision: 'deny' }])
    expect(prompts).toEqual([])
  })

  it('needs no question when there is one', async () => {
    const { result, given } = await choose([PIZZA], { parameters: { option: 'approve' } })
    expect(given).toEqual([{ id: PIZZA.id, decision: 'approve' }])
    expect(result).toMatchObject({ success: true, data: { state: 'approved' } })
  })

  it('asks a small model when the parameters do not say it', async () => {
    const answer = '<response><question>1a2b3c4d</question><option>approve</option></response>'
    const { given, prompts } = await choose([PIZZA, WINE], { answer })
    expect(given).toEqual([{ id: PIZZA.id, decision: 'approve' }])
    expect(prompts).toMatchObject([{ purpose: 'TEXT_SMALL' }])
    expect(prompts[0]?.prompt).toContain('<message_to_answer>\nyes please\n</message_to_answer>')
  })

  it.each([
    [
      'an unclear option',
      '<response><question>1a2b3c4d</question><option>unclear</option></response>',
    ],
    ['no question, of two', '<response><option>approve</option></response>'],
    [
      'a question that does not wait',
      '<response><question>77777777</question><option>approve</option></response>',
    ],
    [
      'too few characters of one',
      '<response><question>1</question><option>approve</option></response>',
    ],
    ['nothing readable', 'Certainly!'],
  ])('answers nothing for %s', async (_, answer) => {
    const { result, given } = await choose([PIZZA, WINE], { answer })
    expect(given).toEqual([])
    expect(result.success).toBe(false)
  })

  it.each([
    [{ state: 'denied', isOurs: false } as const, 'It was answered before: denied.'],
    [null, 'The question does not stand any more.'],
  ])('says when its answer does not count: %j', async (outcome, error) => {
    const { result } = await choose([PIZZA], { parameters: { option: 'approve' }, outcome })
    expect(result).toMatchObject({ success: false, error })
  })
})
