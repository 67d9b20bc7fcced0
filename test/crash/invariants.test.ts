import { describe, expect, it } from '@jest/globals'
import type { Evidence, Rows } from './evidence.ts'
import { checkInvariants } from './invariants.ts'
import { type EvidenceChange, GOOD_ROWS, sampleEvidence } from './sample-evidence.ts'

const found = (change: EvidenceChange): string[] =>
  checkInvariants(sampleEvidence(change)).map(({ invariant, what }) => `${invariant}: ${what}`)

/** A table with its first row changed. */
function withFirst<Table extends keyof Rows>(
  table: Table,
  change: Partial<Rows[Table][number]>,
): Partial<Rows> {
  const [first, ...rest] = GOOD_ROWS[table]
  return { [table]: [{ ...first, ...change }, ...rest] }
}

const without = <Table extends keyof Rows>(table: Table, id: string): Partial<Rows> => ({
  [table]: GOOD_ROWS[table].filter((row) => !('id' in row) || row.id !== id),
})

const { visible, effects, bill, inbound } = sampleEvidence()
const [turn1, turn2] = GOOD_ROWS.turns
const [decideCall] = GOOD_ROWS.modelCalls

describe('the check of the promises', () => {
  it('finds nothing where all went well', () => {
    expect(found({})).toEqual([])
  })

  it.each<[string, EvidenceChange, string]>([
    [
      'an accepted message that is gone',
      { rows: without('messages', 'asked-1') },
      "I1: the message 'external-1' was accepted and is not stored",
    ],
    [
      'a message that is stored twice',
      {
        rows: {
          messages: [
            ...GOOD_ROWS.messages,
            { id: 'asked-3', externalId: 'external-1', turnId: null, text: '' },
          ],
        },
      },
      'I1: .* is stored 2 times',
    ],
    [
      'a turn that was promised and is not there',
      { inbound: [{ externalId: 'external-1', turnIds: ['turn-9'] }] },
      "I1: 'external-1' was promised the turn turn-9",
    ],
    [
      'two turns for one message',
      { rows: withFirst('turns', { messageId: 'asked-2' }) },
      'I1: the message asked-2 for the agent eve has 2 turns',
    ],
    [
      'a turn that has not ended',
      { rows: withFirst('turns', { state: 'running' }) },
      'I1: the turn turn-1 is running',
    ],
    [
      'a step that nobody finished',
      { rows: withFirst('steps', { state: 'pending' }) },
      'I1: admit of the turn turn-1 is not done',
    ],
    [
      'a turn with two replies',
      {
        rows: {
          memories: [
            ...GOOD_ROWS.memories,
            { id: 'again', type: 'messages', turnId: 'turn-1', step: 'settle' },
          ],
        },
      },
      'I1: the turn turn-1 was settled with 2 replies',
    ],
    [
      'a message that is shown twice',
      { visible: [...visible, ...visible.slice(1)] },
      'I2: .*reply-2.* is shown 2 times',
    ],
    [
      'the parts of a message in the wrong order',
      { visible: [1, 0].map((part) => ({ ...visible[0], part }) as Evidence['visible'][number]) },
      "I3: 'Answer 1' is shown after 'Answer 1'",
    ],
    [
      'a message that is marked as sent, and that nobody sees',
      { visible: visible.slice(0, 1) },
      'I2: .*reply-2.* is sent, and not shown',
    ],
    [
      'other words than were said',
      { visible: visible.map((shown) => ({ ...shown, text: 'Answer 1' })) },
      "I2: 'Answer 2' was said, and 'Answer 1' is shown",
    ],
    [
      'a message that was never said',
      { visible: [...visible, { rowId: 'stranger', part: 0, channelId: 'channel', text: 'Boo' }] },
      "I2: 'Boo' is shown for the outbox row stranger",
    ],
    [
      'a message that still waits to be sent',
      { rows: withFirst('outbox', { state: 'pending' }) },
      'I2: .*reply-1.* is pending',
    ],
    [
      'a message that was taken back and is shown',
      { rows: withFirst('outbox', { state: 'retracted' }) },
      'I2: .*reply-1.* is retracted, and shown',
    ],
    [
      'replies in the wrong order',
      { visible: visible.toReversed() },
      "I3: 'Answer 1' is shown after 'Answer 2'",
    ],
    [
      'a turn that began too early',
      {
        rows: {
          turns: [turn1, turn2 && { ...turn2, startedAt: 10 }].filter((t) => t !== undefined),
        },
      },
      'I3: the turn turn-2 began before turn-1 had ended',
    ],
    [
      'a memory that names no turn',
      { rows: withFirst('memories', { turnId: null }) },
      'I4: the memory heard-1 names no turn and step',
    ],
    [
      'a memory of a step that is not done',
      { rows: { steps: GOOD_ROWS.steps.filter(({ step }) => step !== 'evaluate:REMEMBER') } },
      'I4: the memory fact-1 is there, and its step evaluate:REMEMBER is not done',
    ],
    [
      'an outcome without the reply it names',
      { rows: without('memories', 'memory-1') },
      'I4: the turn turn-1 is replied, and its reply is not remembered',
    ],
    [
      'a reply without its outcome',
      { rows: withFirst('turns', { replyMemoryId: null }) },
      'I4: the turn turn-1 is replied without a reply, and one is remembered',
    ],
    [
      'a message that is on its way and was not said',
      { rows: without('messages', 'reply-1') },
      'I4: the outbox row reply-1 has no message',
    ],
    [
      'a model call of a step that was not run',
      { rows: withFirst('modelCalls', { step: 'dream' }) },
      'I4: a model call names dream of the turn turn-1',
    ],
    [
      'a call on the bill that is not in the ledger',
      { bill: [...bill, ...bill] },
      'I5: decide of turn-1: 2 calls billed, 1 in the ledger',
    ],
    [
      'a complete call that the vendor never answered',
      { bill: bill.map((call) => ({ ...call, state: 'aborted' as const })) },
      'I5: decide of turn-1: 1 calls complete, 0 answered',
    ],
    [
      'a call that is pending for ever',
      { rows: withFirst('modelCalls', { state: 'pending' }) },
      'I5: decide of turn-1: a call is pending for ever',
    ],
    [
      'a call with two rows',
      {
        rows: { modelCalls: [decideCall, ...GOOD_ROWS.modelCalls].filter((c) => c !== undefined) },
      },
      'I5: the call .* has more than one row',
    ],
    [
      'a turn that outlived its deadline',
      { rows: withFirst('turns', { deadlineAt: -10_000 }) },
      'I6: the turn turn-1 ended 11000 ms past its deadline',
    ],
    [
      'a turn that failed without a word',
      { rows: withFirst('turns', { state: 'failed', replyMemoryId: null }) },
      'I6: the turn turn-1 ended as failed and nobody was told',
    ],
    [
      "people's words in Temporal",
      { histories: [{ turnId: 'turn-1', texts: ['{"text":"Question 1"}'] }] },
      "I7: the history of the turn turn-1 holds 'Question 1'",
    ],
    [
      'a row that a woken process wrote',
      {
        beforeWake: { visible, effects, rows: { ...GOOD_ROWS, ...without('messages', 'reply-2') } },
      },
      'I8: the woken process wrote to messages',
    ],
    [
      'a change of a row that a woken process made',
      {
        beforeWake: { visible, effects, rows: GOOD_ROWS },
        rows: withFirst('steps', { digest: 'another' }),
      },
      'I8: the woken process wrote to steps',
    ],
    [
      'a message that a woken process sent',
      { beforeWake: { visible: visible.slice(1), effects, rows: GOOD_ROWS } },
      'I8: 1 messages were shown after the wake',
    ],
    [
      'an effect of a woken process',
      { beforeWake: { visible, effects: effects.slice(1), rows: GOOD_ROWS } },
      'I8: the once action of the turn turn-1 had its effect after the wake',
    ],
    [
      'a call of another that a woken process changed',
      {
        beforeWake: {
          ...{ visible, effects },
          rows: { ...GOOD_ROWS, ...withFirst('modelCalls', { state: 'cut' }) },
        },
      },
      'I8: the call decide of turn-1 became complete after the wake',
    ],
    [
      'a once action that was called twice',
      { effects: effects.map((effect) => ({ ...effect, calls: 2 })) },
      'effects: the once action of the turn turn-1 was called 2 times',
    ],
    [
      'an idempotent action under two keys',
      { effects: [...effects, { kind: 'idempotent', turnId: 'turn-1', key: 'other', calls: 1 }] },
      'effects: the action idempotent of the turn turn-1 has 2 effects',
    ],
    [
      'a success that nobody saw',
      { effects: effects.slice(1) },
      'effects: 2 actions of turn-1 succeeded, 1 were seen',
    ],
  ])('finds %s', (_what, change, expected) => {
    expect(found(change).join('\n')).toMatch(new RegExp(expected))
  })

  it('lets a woken process complete its own call, and nothing else', () => {
    const before = { ...GOOD_ROWS, ...withFirst('modelCalls', { state: 'unknown' }) }
    expect(found({ beforeWake: { visible, effects, rows: before } })).toEqual([])
  })

  it('lets a woken process have the effect that was journaled as unknown', () => {
    const steps = GOOD_ROWS.steps.map((step) =>
      step.step === 'runAction:0' ? { ...step, success: false } : step,
    )
    const rows = { ...GOOD_ROWS, steps }
    expect(found({ rows, beforeWake: { visible, effects: effects.slice(1), rows } })).toEqual([])
  })

  it('lets a platform that cannot tell show a message again', () => {
    expect(found({ dedup: 'none', visible: [...visible, ...visible.slice(1)] })).toEqual([])
  })

  it('lets a placeholder stay whose id was lost, where platforms have them', () => {
    const stray = [...visible, ...visible.map((shown) => ({ ...shown, text: '…' }))]
    expect(found({ dedup: 'reserve', visible: stray })).toEqual([])
    expect(found({ dedup: 'lookup', visible: stray })).not.toEqual([])
  })

  it('lets an unanswered delivery be lost', () => {
    expect(found({ inbound: [...inbound, { externalId: 'external-9', turnIds: [] }] })).toEqual([])
  })

  it('lets a parked turn leave the order', () => {
    const parked = turn2 && { ...turn2, gen: 2, startedAt: 10 }
    expect(
      found({ rows: { turns: [turn1, parked].filter((turn) => turn !== undefined) } }),
    ).toEqual(expect.not.arrayContaining([expect.stringContaining('I3')]))
  })
})
