import { describe, expect, it } from '@jest/globals'
import { buildAgent } from '../../agent/build-agent.ts'
import type { Content } from '../../agent/memory.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import { respondRule } from '../../agent/should-respond.ts'
import { AGENT_ID, memory, PERSON_ID } from './turn-context.ts'

interface Case {
  readonly content?: Content
  readonly type?: string
  readonly source?: string
  readonly participation?: LoadedTurn['participation']
  readonly settings?: Readonly<Record<string, unknown>>
}

/** In a room of several people on a platform, unless the case says otherwise. */
function decide({ content = {}, type = 'GROUP', source = 'discord', ...more }: Case) {
  const { participation = null, settings = {} } = more
  const room = { id: 'room', agentId: AGENT_ID, worldId: 'world', channelId: 'channel' }
  const message = { ...memory(PERSON_ID, ''), content: { text: 'Hello everybody!', ...content } }
  const turn: LoadedTurn = {
    turnId: 'turn',
    gen: 1,
    seq: 1,
    agentId: AGENT_ID,
    agentVersion: 1,
    channelId: 'channel',
    messageId: message.id,
    deadlineAt: 0,
    room: { ...room, type, source },
    message,
    mergedCount: 0,
    mergedMemoryIds: [],
    rounds: 1,
    participation,
  }
  return respondRule(turn, buildAgent(AGENT_ID, { name: 'Ada', bio: 'A companion.' }, settings, []))
}

describe('whether an agent answers', () => {
  it.each<[string, Case, string]>([
    ['not in rooms that it does not follow', { type: 'DM' }, 'ignore'],
    ['not to its name there', { content: { mentionContext: { isMention: true } } }, 'ignore'],
    ['as ever in rooms that it follows', { participation: 'FOLLOWED' }, 'ask'],
    ['to its name in muted ones', { participation: 'MUTED', content: { text: 'Ada?' } }, 'ask'],
  ])('with BOOTSTRAP_DEFLLMOFF: %s', (_what, given, decision) => {
    for (const setting of [true, 'true', 'yes']) {
      expect(decide({ ...given, settings: { BOOTSTRAP_DEFLLMOFF: setting } })).toBe(decision)
    }
  })

  it.each<[string, Case]>([
    ['a message in a room of several', {}],
    ['a room it follows', { participation: 'FOLLOWED' }],
    ['its name in a room of several', { content: { text: 'Ask Ada!' } }],
    ['a mention that was none', { content: { mentionContext: { isMention: false } } }],
    ['a mention context that is no object', { content: { mentionContext: 'yes' } }],
    ['a setting that is no text', { settings: { ALWAYS_RESPOND_CHANNELS: 7 } }],
    ['an empty list', { settings: { ALWAYS_RESPOND_SOURCES: ' , []' } }],
    ['a list without it', { settings: { ALWAYS_RESPOND_SOURCES: 'telegram' } }],
    ['its name in a muted room', { participation: 'MUTED', content: { text: 'ADA, please!' } }],
  ])('is for the model to judge: %s', (_what, given) => {
    expect(decide(given)).toBe('ask')
  })

  it.each<[string, Case]>([
    ...['DM', 'VOICE_DM', 'SELF', 'API', 'dm'].map((type): [string, Case] => [type, { type }]),
    ['a message that says it is direct', { content: { channelType: 'DM' } }],
    ['a listed type', { settings: { ALWAYS_RESPOND_CHANNELS: 'FORUM, group' } }],
    ['a listed type in brackets', { settings: { ALWAYS_RESPOND_CHANNELS: '[GROUP]' } }],
    ['our own client', { source: 'client_chat' }],
    ['a source that contains its name', { content: { source: 'eliza_CLIENT_CHAT_web' } }],
    ['a listed source', { settings: { ALWAYS_RESPOND_SOURCES: 'telegram, Disc' } }],
    ['a mention', { content: { mentionContext: { isMention: true } } }],
    ['a reply', { content: { mentionContext: { isReply: true } } }],
    [
      'its name in a muted direct conversation',
      { participation: 'MUTED', type: 'DM', content: { text: 'ada?' } },
    ],
    [
      'a mention by name in a muted room',
      {
        participation: 'MUTED',
        content: { text: 'Ada!', mentionContext: { isMention: true } },
      },
    ],
  ])('is sure: %s', (_what, given) => {
    expect(decide(given)).toBe('respond')
  })

  it.each<[string, Case]>([
    ['a room of several', {}],
    ['a direct conversation', { type: 'DM' }],
    ['our own client', { source: 'client_chat' }],
    ['a message without text', { content: { text: undefined } }],
  ])('is ruled out in a muted room where it is not named: %s', (_what, given) => {
    expect(decide({ ...given, participation: 'MUTED' })).toBe('ignore')
  })

  it('goes by the type that the message names, not by the room', () => {
    expect(decide({ type: 'DM', content: { channelType: 'GROUP' } })).toBe('ask')
  })
})
