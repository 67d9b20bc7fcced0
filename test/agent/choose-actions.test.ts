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

const MUTE = action('MUTE_BELL', 'BE_QUIET', 'RING')
const UNMUTE = action('UNMUTE_BELL')
const RING = action('RING_BELL', 'DING')
const plugin = { name: 'test', description: 'test', actions: [MUTE, UNMUTE, RING] }

function choose(actions: string, text = ''): ChosenActions {
  const xml = `<response><thought>t</thought><actions>${actions}</actions><text>${text}</text></response>`
  const answer = parseAnswer(xml)
  if (!answer) throw new Error(`The answer '${xml}' cannot be read.`)
  return chooseActions(answer, turnContext({ plugins: [plugin] }).agent.actions)
}

describe('choosing actions', () => {
  it('says the text, and runs what else was chosen, once each and in order', () => {
    expect(choose('RING_BELL, REPLY, MUTE_BELL, RING_BELL', 'Hi')).toEqual({
      reply: 'Hi',
      thought: 't',
      actions: ['RING_BELL', 'MUTE_BELL'],
      ignored: false,
      unknownActions: [],
    })
  })

  it.each([
    ['ring_bell', 'RING_BELL'],
    ['RingBell', 'RING_BELL'],
    ['ding', 'RING_BELL'],
    ['BeQuiet', 'MUTE_BELL'],
    ['ring', 'MUTE_BELL'],
    ['Unmute Bell', 'UNMUTE_BELL'],
  ])('knows %s by name or simile', (written, name) => {
    expect(choose(written).actions).toEqual([name])
  })

  it.each(['MUTE', 'BELL', 'DIN', 'RING_BELL_NOW', 'UN', 'constructor'])(
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
    const ding = action('DING')
    const answer = parseAnswer('<response><actions>DING</actions></response>')
    expect(answer && chooseActions(answer, [RING, ding]).actions).toEqual(['DING'])
  })

  it.each([
    ['IGNORE', '', { ignored: true, actions: [] }],
    ['IGNORE', 'shy', { ignored: true, actions: [] }],
    ['STOP_TALKING', '', { ignored: true, actions: [] }],
    ['IGNORE, RING_BELL', '', { ignored: true, actions: [] }],
    ['IGNORE, RING_BELL', 'Hi', { ignored: false, actions: ['RING_BELL'], reply: 'Hi' }],
    ['IGNORE, REPLY', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['NONE', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['NONE', '', { ignored: true, actions: [] }],
    ['NONE, RING_BELL', '', { ignored: false, actions: ['RING_BELL'] }],
    ['', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['GREET', 'Hi', { ignored: false, actions: [], reply: 'Hi' }],
    ['RING_BELL', 'On it.', { ignored: false, actions: ['RING_BELL'], reply: 'On it.' }],
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

  it('leaves its words open when REPLY stands beside others without text', () => {
    expect(choose('RING_BELL, REPLY')).toMatchObject({ actions: ['RING_BELL'], wantsReply: true })
    expect(choose('RING_BELL').wantsReply).toBeUndefined()
    expect(choose('RING_BELL, REPLY', 'Hi').wantsReply).toBeUndefined()
  })

  it('runs REPLY of a plugin, where that has won, unless it is all there is to do', () => {
    const reply: Action = { ...action('REPLY'), isForeign: true }
    const chosen = (actions: string, text: string) =>
      chooseActions({ thought: '', text, actions: actions.split(', ') }, [RING, reply])
    expect(chosen('REPLY', 'Hi')).toMatchObject({ reply: 'Hi', actions: [] })
    expect(chosen('RING_BELL, REPLY', 'Hi')).toMatchObject({ actions: ['RING_BELL', 'REPLY'] })
    expect(chosen('RING_BELL, REPLY', 'Hi').reply).toBeUndefined()
    expect(chosen('REPLY', '').actions).toEqual(['REPLY'])
  })
})
