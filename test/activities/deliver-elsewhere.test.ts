import { expect, it } from '@jest/globals'
import { deliverElsewhere } from '../../activities/deliver-elsewhere.ts'
import type { LoadedTurn } from '../../agent/ports.ts'

const TURN = {
  ...{ turnId: 'turn', gen: 1, agentId: 'agent' },
  room: { id: 'here' },
} as LoadedTurn // the rest is not looked at

const SENT = {
  kind: 'message.send',
  ...{ id: 'message', memoryId: 'memory', roomId: 'there' },
  content: { text: 'Hello there.' },
  outboxSource: 'loopback',
} as const

async function roomsOf(turn: LoadedTurn): Promise<readonly string[]> {
  const rooms: string[] = []
  const startDelivery = async ({ roomId }: { roomId: string }) => void rooms.push(roomId)
  const log = { warn: (...words: unknown[]) => expect(words).toEqual([]) }
  const writes = { messages: [], memories: [], relationships: [], records: [SENT, SENT] }
  await deliverElsewhere({ startDelivery, log }, turn, writes)
  return rooms
}

it('what a step sent to another room is delivered there, once', async () => {
  expect(await roomsOf(TURN)).toEqual(['there'])
})

it('a fork delivers nothing anywhere: what it would send was never written', async () => {
  expect(await roomsOf({ ...TURN, forkOf: 'original' })).toEqual([])
})
