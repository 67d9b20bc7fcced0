import { describe, expect, it } from '@jest/globals'
import { names, story, turnOf, useLiveApi } from '../support/live-api.ts'
import { allEvents, readEvents, type SentEvent } from '../support/read-events.ts'

const api = useLiveApi()

describe('a stream that was cut', () => {
  it('goes on behind Last-Event-ID at the turn’s own address', async () => {
    api.sayHello()
    const turnId = turnOf(await allEvents(await api.send()))
    const events = await allEvents(await api.resume(turnId, '1.1.0'))
    expect(story(events)).toEqual(['lo.', 'done'])
    expect(events.at(-1)?.data.text).toBe('Hello.')
  })

  it('is told from the beginning without Last-Event-ID', async () => {
    api.sayHello()
    const turnId = turnOf(await allEvents(await api.send()))
    expect(names(await allEvents(await api.resume(turnId)))).toEqual(['chunk', 'chunk', 'done'])
  })

  it('is told to start over when another attempt spoke meanwhile', async () => {
    api.fake.onTurn = ({ turnId }) => {
      api.fake.say(turnId, 'Cut o', { seq: 0 })
      api.fake.say(turnId, 'Anew.', { attempt: 2, seq: 0 })
      api.fake.settle(turnId, { reply: { text: 'Anew.' } })
    }
    const turnId = turnOf(await allEvents(await api.send()))
    const events = await allEvents(await api.resume(turnId, '1.1.0'))
    expect(story(events)).toEqual(['restart', 'Anew.', 'done'])
  })

  it('loses nothing when it is cut right after restart', async () => {
    api.fake.onTurn = ({ turnId }) => api.fake.say(turnId, 'Cut o', { seq: 0 })
    let restart: SentEvent | undefined
    for await (const event of readEvents(await api.send())) {
      if (event.event === 'chunk')
        api.fake.say(String(event.data.turnId), 'Anew.', { attempt: 2, seq: 0 })
      restart = event
      if (event.event === 'restart') break
    }
    const turnId = String(restart?.data.turnId)
    api.fake.settle(turnId, { reply: { text: 'Anew.' } })
    const events = await allEvents(await api.resume(turnId, restart?.id))
    expect(story(events)).toContain('Anew.')
  })

  it.each(['nonsense', '1.1', '1.1.0,1.1.0', '-1.0.0'])(
    'starts over when %s is no id of its own',
    async (lastEventId) => {
      api.sayHello()
      const turnId = turnOf(await allEvents(await api.send()))
      const events = await allEvents(await api.resume(turnId, lastEventId))
      expect(names(events)).toEqual(['restart', 'chunk', 'chunk', 'done'])
    },
  )

  it('goes on with a repeat of the message, without a second turn', async () => {
    api.sayHello()
    const key = { 'idempotency-key': 'k1' }
    const first = await allEvents(await api.send(key))
    const repeat = await allEvents(await api.send({ ...key, 'last-event-id': '1.1.0' }))
    expect(story(repeat)).toEqual(['lo.', 'done'])
    expect(turnOf(repeat)).toBe(turnOf(first))
    expect(api.fake.accepted).toHaveLength(1)
  })

  it('of several agents goes on where each of them was', async () => {
    const agents = await api.addBo()
    api.sayHello()
    const key = { 'idempotency-key': 'k2' }
    await allEvents(await api.send(key))
    const events = await allEvents(await api.send({ ...key, 'last-event-id': '1.1.0,-' }))
    const said = agents.map((agent) =>
      events
        .filter(({ data }) => data.agentId === agent)
        .map(({ event, data }) => data.chunk ?? event),
    )
    expect(said).toEqual([
      ['lo.', 'done'],
      ['Hel', 'lo.', 'done'],
    ])
  })
})
