import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../agent/action.ts'
import { type ChosenActions, chooseActions } from '../../agent/choose-actions.ts'
import { parseAnswer } from '../../agent/prompts/answer.ts'
import { turnContext } from './turn-context.ts'

const action = (name: string, ...similes: string[]): Action => ({
  name,
  similes,
  description: name,
  effect: 'none',
  handler: async () => ({ success: true }),
})

const MUTE = action('MUTE_ROOM', 'BE_QUIET', 'SEND')
const UNMUTE = action('UNMUTE_ROOM')
const SEND = action('SEND_MESSAGE', 'DM')
const plugin = { name: 'test', description: 'test', actions: [MUTE, UNMUTE, SEND] }

function choose(actions: string, text = ''): ChosenActions {
  const xml = `<response><thought>t</thought><actions>${actions}</actions><text>${text}</text></response>`
  const answer = parseAnswer(xml)
  if (!answer) throw new Error(`The answer '${xml}' cannot be read.`)
  return chooseActions(answer, turnContext({ plugins: [plugin] }).agent.actions)
}

describe('choosing actions', () => {
  it('says the text, and runs what else was chosen, once each and in order', () => {
    expect(choose('SEND_MESSAGE, REPLY, MUTE_ROOM, SEND_MESSAGE', 'Hi')).toEqual({
      reply: 'Hi',
      thought: 't',
      actions: ['SEND_MESSAGE', 'MUTE_ROOM'],
      ignored: false,
      unknownActions: [],
    })
  })

  it.each([
    ['send_message', 'SEND_MESSAGE'],
    ['SendMessage', 'SEND_MESSAGE'],
    ['dm', 'SEND_MESSAGE'],
    ['BeQuiet', 'MUTE_ROOM'],
    ['send', 'MUTE_ROOM'],
    ['Unmute Room', 'UNMUTE_ROOM'],
  ])('knows %s by name or simile', (written, name) => {
    expect(choose(written).actions).toEqual([name])
  })

  it.each(['MUTE', 'ROOM', 'MESSAGE', 'SEND_MESSAGE_NOW', 'UN', 'constructor'])(
    'starts nothing for %s, which is only like a name',
    (written) => {
      expect(choose(written, 'Hi')).toMatchObject({
        reply: 'Hi',
        actions: [],
        unknownActions: [written],
      })
    },
  )

  it('prefers a name to a simile of an action that was registered before', () => {
    const dm = action('DM')
    const answer = parseAnswer('<response><actions>DM</actions></response>')
    expect(answer && chooseActions(answer, [SEND, dm]).actions).toEqual(['DM'])
  })

  it.each([
    ['IGNORE', '', { ignored: true, actions: [] }],
    ['IGNORE', 'shy', { ignored: true, actions: [] }],
    ['STOP_TALKING', '', { ignored: true, actions: [] }],
    ['IGNORE, SEND_MESSAGE', '', { ignored: true, actions: [] }],
    ['IGNORE, SEND_MESSAGE', 'Hi', { ignored: false, actions: ['SEND_MESSAGE'], reply: 'Hi' }],
    ['IGNORE, REPLY', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['NONE', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['NONE', '', { ignored: true, actions: [] }],
    ['NONE, SEND_MESSAGE', '', { ignored: false, actions: ['SEND_MESSAGE'] }],
    ['', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['GREET', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['SEND_MESSAGE', 'On it.', { ignored: false, actions: ['SEND_MESSAGE'], reply: 'On it.' }],
  ])('with actions %j and text %j', (actions, text, expected) => {
    expect(choose(actions, text)).toMatchObject(expected)
  })

  it('says no text beside IGNORE alone', () => {
    expect(choose('IGNORE', 'shy').reply).toBeUndefined()
  })

  it('cannot use REPLY without text: that is neither a reply nor silence', () => {
    expect(choose('REPLY')).toMatchObject({ ignored: false, actions: [] })
    expect(choose('REPLY').reply).toBeUndefined()
  })
})
