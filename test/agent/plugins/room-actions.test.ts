import { describe, expect, it } from '@jest/globals'
import { corePlugin } from '../../../agent/plugins/core/core-plugin.ts'
import type { ParticipantState } from '../../../agent/records.ts'
import { createMemoryRecords } from '../../support/memory-records.ts'
import { AGENT_ID, actionContext, NO_PLAN, turnContext } from '../turn-context.ts'

const EMPTY = { values: {}, data: {}, text: '' }
const GROUP = { type: 'GROUP' }

function actionOf(name: string) {
  const action = corePlugin.actions?.find((one) => one.name === name)
  if (!action) throw new Error(`There is no action ${name}.`)
  return action
}

describe('following and muting a room', () => {
  it.each([
    ['FOLLOW_ROOM', ['GROUP'], null],
    ['UNFOLLOW_ROOM', ['GROUP', 'DM'], 'FOLLOWED'],
    ['MUTE_ROOM', ['GROUP'], null],
    ['MUTE_ROOM', ['GROUP'], 'FOLLOWED'],
    ['UNMUTE_ROOM', ['GROUP', 'DM'], 'MUTED'],
  ] as const)('%s is possible in %j when the state is %s', async (name, types, state) => {
    for (const type of ['GROUP', 'DM']) {
      for (const participation of [null, 'FOLLOWED', 'MUTED'] as const) {
        const context = turnContext({ room: { type }, participation })
        const isPossible = await actionOf(name).validate?.(context, EMPTY)
        const isState = participation === state
        const isOther = name === 'MUTE_ROOM' && participation !== 'MUTED'
        const isHere = types.some((one) => one === type)
        expect(isPossible).toBe(isHere && (isState || isOther))
      }
    }
  })

  it.each<[string, ParticipantState]>([
    ['FOLLOW_ROOM', 'FOLLOWED'],
    ['UNFOLLOW_ROOM', null],
    ['MUTE_ROOM', 'MUTED'],
    ['UNMUTE_ROOM', null],
  ])('%s makes the state %s, and says so', async (name, state) => {
    const context = actionContext({ room: GROUP })
    const result = await actionOf(name).handler(context)
    expect(result.success).toBe(true)
    expect(context.recorded.records).toEqual([
      { kind: 'participant.state', roomId: 'room', entityId: AGENT_ID, state },
    ])
    expect(context.recorded.said).toHaveLength(1)
  })

  it('says nothing of its own where the decision has words', async () => {
    const context = actionContext({ room: GROUP, plan: { ...NO_PLAN, words: 'decided' } })
    await actionOf('MUTE_ROOM').handler(context)
    expect(context.recorded.said).toEqual([])
  })

  it('reads the state where the turn does not know it', async () => {
    const records = createMemoryRecords()
    const room = { id: 'room', worldId: 'world', channelId: 'c', source: 'test', type: 'GROUP' }
    await records.commit(AGENT_ID, [
      { kind: 'room.put', room },
      { kind: 'participant.add', roomId: 'room', entityId: AGENT_ID },
      { kind: 'participant.state', roomId: 'room', entityId: AGENT_ID, state: 'MUTED' },
    ])
    const context = turnContext({ records, room: GROUP })
    expect(await actionOf('UNMUTE_ROOM').validate?.(context, EMPTY)).toBe(true)
  })
})

describe('the 13 built-in actions', () => {
  it('have the names and similes of ElizaOS', () => {
    const similes = Object.fromEntries(
      (corePlugin.actions ?? []).map((action) => [action.name, action.similes ?? []]),
    )
    expect(Object.keys(similes)).toHaveLength(13)
    expect(similes).toMatchObject({
      REPLY: ['GREET', 'REPLY_TO_MESSAGE', 'SEND_REPLY', 'RESPOND', 'RESPONSE'],
      IGNORE: ['STOP_TALKING', 'STOP_CHATTING', 'STOP_CONVERSATION'],
      NONE: ['NO_ACTION', 'NO_RESPONSE', 'NO_REACTION'],
      SEND_MESSAGE: ['DM', 'MESSAGE', 'SEND_DM', 'POST_MESSAGE'],
      UPDATE_CONTACT: ['UPDATE_ENTITY'],
      CHOOSE_OPTION: ['SELECT_OPTION', 'SELECT', 'PICK', 'CHOOSE'],
      UPDATE_ROLE: ['CHANGE_ROLE', 'SET_PERMISSIONS', 'ASSIGN_ROLE', 'MAKE_ADMIN'],
      UPDATE_SETTINGS: ['UPDATE_SETTING', 'SAVE_SETTING', 'SET_CONFIGURATION', 'CONFIGURE'],
      GENERATE_IMAGE: ['DRAW', 'CREATE_IMAGE', 'RENDER_IMAGE', 'VISUALIZE'],
    })
  })
})

describe('GENERATE_IMAGE', () => {
  const draw = async ({ prompt }: { prompt: string }) => [{ url: `https://x.test/${prompt}` }]
  const { validate, handler } = actionOf('GENERATE_IMAGE')

  it('is offered only where a model draws', async () => {
    expect(await validate?.(turnContext(), EMPTY)).toBe(false)
    expect(await validate?.(turnContext({ models: { draw } }), EMPTY)).toBe(true)
  })

  it('shows the picture as an attachment with its prompt', async () => {
    const context = actionContext({ models: { draw }, parameters: { prompt: 'a cat' } })
    expect(await handler(context)).toMatchObject({ success: true, data: { count: 1 } })
    expect(context.recorded.said).toMatchObject([
      {
        attachments: [{ url: 'https://x.test/a cat', contentType: 'image', description: 'a cat' }],
      },
    ])
  })

  it('asks a small model for the prompt when it was given none', async () => {
    const answer = '<response><prompt>a red cat</prompt></response>'
    const templates = { imageGenerationTemplate: 'PAINT {{message}}' }
    const context = actionContext({ models: { draw }, answer, character: { templates } })
    await handler(context)
    expect(context.recorded.prompts).toMatchObject([
      { purpose: 'TEXT_SMALL', prompt: 'PAINT hello' },
    ])
    expect(context.recorded.said[0]?.text).toBe('a red cat')
  })

  it('says so when it does not know what to draw', async () => {
    const context = actionContext({ models: { draw }, answer: 'hm' })
    expect(await handler(context)).toMatchObject({ success: false })
    expect(context.recorded.said).toMatchObject([{ failed: true }])
  })
})
