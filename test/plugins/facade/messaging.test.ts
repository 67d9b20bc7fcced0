import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { createUniqueUuid } from '../../../schema/ids.ts'
import { eventually } from '../../support/eventually.ts'
import {
  AGENT_ID,
  type FakeHostOptions,
  fakeRuntimeHost,
  fakeTurn,
  PERSON_ID,
  ROOM_ID,
} from '../../support/fake-runtime-host.ts'

const house = (options: FakeHostOptions = {}) => {
  const host = fakeRuntimeHost(options)
  return { host, runtime: createRuntime(host) }
}
const message = { entityId: PERSON_ID, roomId: ROOM_ID, content: { text: 'Hello' } }

describe('messageService.handleMessage', () => {
  it('makes the message a turn and tells the callback what is said', async () => {
    const { host, runtime } = house()
    const heard: unknown[] = []
    const callback = async (content: unknown) => {
      heard.push(content)
      return []
    }
    const result = await runtime.messageService?.handleMessage(runtime, message, callback)
    expect(heard).toEqual([{ text: 'Good morning.' }])
    expect(result).toMatchObject({
      ...{ didRespond: true, mode: 'simple', state: { values: {}, data: {}, text: '' } },
    })
    expect(host.handled).toMatchObject([{ ...message, id: expect.any(String) }])
  })

  it('refuses the room whose turn it is called in: that turn would wait for itself', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    const handling = turn.run(() => runtime.messageService?.handleMessage(runtime, message))
    await expect(handling).rejects.toThrow(`for the room '${ROOM_ID}', whose turn it runs in`)
    await turn.run(() =>
      runtime.messageService?.handleMessage(runtime, { ...message, roomId: AGENT_ID }),
    )
    expect(host.handled).toHaveLength(1)
  })

  it.each([
    [{ type: 'DM' }, {}, true],
    [{ type: 'GROUP', source: 'client_chat' }, {}, true],
    [{ type: 'GROUP', source: 'discord' }, {}, false],
    [{ type: 'GROUP', source: 'discord' }, { isMention: true }, true],
    [{ type: 'FORUM', source: 'discord' }, {}, true],
    [null, {}, false],
  ])('answers in %p, mentioned as %p: %p', (room, mention, shouldRespond) => {
    const { runtime } = house({ settings: { ALWAYS_RESPOND_CHANNELS: '[FORUM, THREAD]' } })
    const decision = runtime.messageService?.shouldRespond(runtime, message, room, mention)
    expect(decision).toMatchObject({ shouldRespond })
  })

  it('deletes messages and clears channels', async () => {
    const { host, runtime } = house()
    await runtime.messageService?.deleteMessage(runtime, { id: PERSON_ID })
    await runtime.messageService?.clearChannel(runtime, ROOM_ID, 'general')
    expect(host.sent).toEqual([
      ['delete', PERSON_ID],
      ['clear', ROOM_ID],
    ])
  })
})

describe('elizaOS', () => {
  it('waits for the turn, or tells callbacks of it', async () => {
    const { runtime } = house()
    const waited = await runtime.elizaOS?.handleMessage(AGENT_ID, message)
    expect(waited).toMatchObject({ processing: { didRespond: true } })
    const heard: string[] = []
    const told = await runtime.elizaOS?.handleMessage(AGENT_ID, message, {
      onResponse: ({ text = '' }) => heard.push(text),
      onComplete: () => heard.push('complete'),
    })
    expect(told).not.toHaveProperty('processing')
    await eventually(() => heard.length === 2)
    expect(heard).toEqual(['Good morning.', 'complete'])
  })

  it('tells of what went wrong, and names an agent that it cannot reach', async () => {
    const { host, runtime } = house()
    const failing = createRuntime({
      ...host,
      messages: {
        ...host.messages,
        handle: async () => Promise.reject(new Error('The room is full.')),
      },
    })
    const errors: string[] = []
    await failing.elizaOS?.handleMessage(AGENT_ID, message, {
      onError: ({ message }) => errors.push(message),
    })
    await eventually(() => errors.length > 0)
    expect(errors).toEqual(['The room is full.'])
    const elsewhere = runtime.elizaOS?.handleMessage(PERSON_ID, message)
    await expect(elsewhere).rejects.toThrow(`The agent '${PERSON_ID}' is not in reach`)
    expect(runtime.elizaOS?.getAgent(AGENT_ID)).toBe(runtime)
    expect(runtime.elizaOS?.getAgent(PERSON_ID)).toBeUndefined()
  })

  it('is there until it is taken away', () => {
    const { runtime } = house()
    expect(runtime.hasElizaOS()).toBe(true)
    runtime.elizaOS = undefined
    expect(runtime.hasElizaOS()).toBe(false)
  })
})

describe('messages that are sent', () => {
  it('go to the host with the handler of their source', async () => {
    const { host, runtime } = house()
    const handler = () => undefined
    runtime.registerSendHandler('discord', handler)
    const target = { source: 'discord', channelId: 'general' }
    await runtime.sendMessageToTarget(target, { text: 'Hi' })
    expect(host.sent).toEqual([[target, { text: 'Hi' }, handler]])
    const nowhere = runtime.sendMessageToTarget({ source: '' }, { text: 'Hi' })
    await expect(nowhere).rejects.toThrow("without a 'source'")
  })

  it('may be words to the interface', async () => {
    const { host, runtime } = house()
    await runtime.sendControlMessage({ roomId: ROOM_ID, action: 'disable_input' })
    expect(host.emitted).toMatchObject([
      {
        names: ['CONTROL_MESSAGE'],
        payload: {
          message: { type: 'control', payload: { action: 'disable_input' }, roomId: ROOM_ID },
        },
      },
    ])
  })

  it('may name people and places instead of ids', async () => {
    const { host, runtime } = house()
    const asked = { text: 'Hello!', userId: 'user123', roomId: 'room456' }
    expect(await runtime.processMessage(asked)).toMatchObject({ didRespond: true })
    const roomId = createUniqueUuid(AGENT_ID, 'room456')
    const entityId = createUniqueUuid(AGENT_ID, 'user123')
    expect(host.handled).toMatchObject([{ roomId, entityId, content: { text: 'Hello!' } }])
    expect(await runtime.getParticipantsForRoom(roomId)).toEqual([entityId, AGENT_ID])
  })
})

describe('events', () => {
  it('are given to the host with runtime and source', async () => {
    const { host, runtime } = house()
    const handler = () => undefined
    runtime.registerEvent('WORLD_JOINED', handler)
    expect(runtime.getEvent('WORLD_JOINED')).toEqual([handler])
    expect(runtime.getEvent('NOTHING')).toBeUndefined()
    await runtime.emitEvent(['WORLD_JOINED', 'ROOM_JOINED'], { world: 1, source: 'chat' })
    expect(host.emitted).toEqual([
      { names: ['WORLD_JOINED', 'ROOM_JOINED'], payload: { world: 1, source: 'chat', runtime } },
    ])
  })

  it('of the runtime itself reach each listener, whatever another does', () => {
    const { host, runtime } = house()
    const heard: unknown[] = []
    const listener = (payload: unknown) => void heard.push(payload)
    runtime.on('tick', () => {
      throw new Error('No.')
    })
    runtime.on('tick', listener)
    runtime.emit('tick', 1)
    runtime.off('tick', listener)
    runtime.emit('tick', 2)
    expect(heard).toEqual([1])
    expect(host.faults).toHaveLength(2)
  })
})

describe('models', () => {
  it('are asked by the host, and a registered one is found by type', async () => {
    const { host, runtime } = house()
    const params = { texts: ['a', 'b'] }
    expect(await runtime.useModel('TEXT_EMBEDDING', params, 'acme')).toBe('TEXT_EMBEDDING')
    expect(host.asked).toEqual([{ type: 'TEXT_EMBEDDING', params, provider: 'acme' }])
    runtime.registerModel('VIDEO', () => 'low', 'first', 1)
    runtime.registerModel('VIDEO', () => 'high', 'second', 5)
    expect(host.told.changed).toBe(2)
    expect(runtime.models.get('VIDEO')?.map(({ provider }) => provider)).toEqual([
      'second',
      'first',
    ])
    await runtime.getModel('VIDEO')?.(runtime, { x: 1 })
    expect(host.asked.at(-1)).toEqual({ type: 'VIDEO', params: { x: 1 }, provider: 'second' })
    expect(runtime.getModel('TEXT_LARGE')).toBeInstanceOf(Function)
    expect(runtime.getModel('AUDIO')).toBeUndefined()
  })

  it('write a text in the words of the character', async () => {
    const character = { system: 'Be kind.', style: { all: ['Short.'] } }
    const { host, runtime } = house({ character, answer: () => 'Of course.' })
    expect(await runtime.generateText('Say yes.')).toEqual({ text: 'Of course.' })
    await runtime.generateText('Say yes.', { includeCharacter: false, modelType: 'TEXT_SMALL' })
    expect(host.asked).toMatchObject([
      {
        type: 'TEXT_LARGE',
        params: { prompt: '# About Ada\nA companion.\n\nBe kind.\n\nStyle:\n- Short.\n\nSay yes.' },
      },
      { type: 'TEXT_SMALL', params: { prompt: 'Say yes.' } },
    ])
    await expect(runtime.generateText('  ')).rejects.toThrow('without a text')
  })
})
