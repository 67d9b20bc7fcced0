import { describe, expect, it } from '@jest/globals'
import { replyIdOf } from '../../schema/ids.ts'
import type { Evidence } from '../crash/evidence.ts'
import { GOOD_ROWS, sampleEvidence } from '../crash/sample-evidence.ts'
import { checkRoom } from './check-room.ts'
import type { RoomEvidence, TurnFacts } from './gather.ts'

const turn = (n: number, change: Partial<TurnFacts> = {}): TurnFacts => ({
  id: `turn-${n}`,
  roomId: 'room',
  state: 'replied',
  gen: 1,
  policy: 'enqueue',
  answeredBy: null,
  acceptedAt: n,
  leftQueue: false,
  decidedAgain: false,
  text: `[m${n}] hello`,
  ...change,
})

const room = (
  facts: readonly TurnFacts[],
  evidence: Evidence = sampleEvidence(),
): RoomEvidence => ({
  ...{ name: 'room', agentId: 'eve', roomId: 'room' },
  ...{ facts, evidence },
})

const found = (given: RoomEvidence, cancelled: readonly string[] = []) =>
  checkRoom(given, new Set(cancelled)).map(({ invariant, what }) => `${invariant}: ${what}`)

/** The second of two turns ends in this way, said in both places. */
function ending(change: Partial<TurnFacts>, first: Partial<TurnFacts> = {}) {
  const facts = [turn(1, first), turn(2, change)]
  const turns = GOOD_ROWS.turns.map((row, index) => ({
    ...row,
    state: facts[index]?.state ?? row.state,
  }))
  return room(facts, sampleEvidence({ rows: { turns } }))
}

describe('what is found wrong in a room', () => {
  it('is nothing when two messages were answered', () => {
    expect(found(room([turn(1), turn(2)]))).toEqual([])
  })

  it('is what the crash matrix finds', () => {
    const evidence = sampleEvidence({ rows: { turns: [...GOOD_ROWS.turns.slice(0, 1)] } })
    expect(found(room([turn(1)], evidence)).join('\n')).toMatch(/I1: .*turn-2/)
  })

  it.each<[string, Partial<TurnFacts>, Partial<TurnFacts>, RegExp]>([
    ['merged into nothing', { state: 'merged' }, {}, /I1: the turn turn-2 is merged into null/],
    [
      'merged into itself',
      { state: 'merged', answeredBy: 'turn-2' },
      {},
      /I1: the turn turn-2 is merged into turn-2/,
    ],
    [
      'superseded by a message that waits its turn',
      { state: 'superseded', answeredBy: 'turn-1', acceptedAt: 0 },
      {},
      /I1: the turn turn-2 is superseded by turn-1 \(enqueue\)/,
    ],
    [
      'superseded by an older message',
      { state: 'superseded', answeredBy: 'turn-1' },
      { policy: 'latest' },
      /I1: the turn turn-2 is superseded by turn-1 \(latest\)/,
    ],
    ['rejected without wanting it', { state: 'rejected' }, {}, /I1: turn-2 is rejected by policy/],
    ['cancelled by nobody', { state: 'cancelled' }, {}, /I1: nobody cancelled the turn turn-2/],
  ])('a turn that is %s', (_, change, first, what) => {
    expect(found(ending(change, first)).join('\n')).toMatch(what)
  })

  it('is nothing when somebody wanted a turn to end so', () => {
    expect(found(ending({ state: 'cancelled' }), ['turn-2'])).toEqual([])
    expect(found(ending({ state: 'rejected', policy: 'reject' }))).toEqual([])
    expect(found(ending({ state: 'merged', answeredBy: 'turn-1' }))).toEqual([])
    const stopped = ending(
      { state: 'superseded', answeredBy: 'turn-1', acceptedAt: 1 },
      { policy: 'interrupt' },
    )
    expect(found(stopped)).toEqual([])
  })

  const saying = (text: string) =>
    sampleEvidence({
      visible: sampleEvidence().visible.map((shown) =>
        shown.rowId === 'reply-2' ? { ...shown, text } : shown,
      ),
      rows: {
        messages: GOOD_ROWS.messages.map((row) =>
          row.turnId === 'turn-2' ? { ...row, text } : row,
        ),
      },
    })

  it('a reply to the message of another turn, unless that was merged', () => {
    const facts = [turn(1), turn(2)]
    expect(found(room(facts, saying('You said: [m2] hello')))).toEqual([])
    expect(found(room(facts, saying('You said: [m1] hello'))).join('\n')).toContain(
      'I4: the turn turn-2 answers m1, which is not its message',
    )
    const merged = [turn(1), turn(2), turn(3, { state: 'merged', answeredBy: 'turn-2' })]
    expect(found(room(merged, saying('You said: [m2] hello\n[m3] hello')))).toEqual([])
  })
})

describe('a turn that left the queue and came back', () => {
  const later = replyIdOf({ turnId: 'turn-1', gen: 2 })
  /** The first turn asked, was answered when the second had ended, and replied at last. */
  const approved = (visible: readonly string[]) => {
    const outbox = [
      { id: 'question', turnId: 'turn-1', seq: 1, state: 'sent' },
      ...GOOD_ROWS.outbox.slice(1),
      { id: later, turnId: 'turn-1', seq: 3, state: 'sent' },
    ]
    const said = [
      { id: 'question', externalId: null, turnId: 'turn-1', text: 'May I?' },
      { id: later, externalId: null, turnId: 'turn-1', text: 'Done.' },
    ]
    const [first, second] = GOOD_ROWS.turns
    const turns = [second, first && { ...first, gen: 2, seq: 3 }].filter((row) => row !== undefined)
    const asked = { id: 'asked', type: 'messages', turnId: 'turn-1', step: 'decide' }
    const messages = [...GOOD_ROWS.messages.filter(({ id }) => id !== 'reply-1'), ...said]
    const textOf = (rowId: string) => messages.find(({ id }) => id === rowId)?.text ?? ''
    const shown = { part: 0, channelId: 'channel' }
    const evidence = sampleEvidence({
      visible: visible.map((rowId) => ({ ...shown, rowId, text: textOf(rowId) })),
      rows: {
        ...{ turns, outbox, messages },
        steps: GOOD_ROWS.steps.flatMap((row) =>
          row.turnId === 'turn-1' ? [row, { ...row, gen: 2 }] : [row],
        ),
        memories: [...GOOD_ROWS.memories, asked],
      },
    })
    return room([turn(1, { gen: 2, leftQueue: true }), turn(2)], evidence)
  }

  it('may ask before the others, and replies behind them', () => {
    expect(found(approved(['question', 'reply-2', later]))).toEqual([])
  })

  it('may not reply before them', () => {
    expect(found(approved(['question', later, 'reply-2'])).join('\n')).toMatch(/I3: .*shown after/)
  })
})
