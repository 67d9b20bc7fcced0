import type { Evidence, Rows } from './evidence.ts'

export type EvidenceChange = Partial<Omit<Evidence, 'rows'>> & { readonly rows?: Partial<Rows> }

/** Two turns of one room that went as promised. Each part may be replaced. */
export function sampleEvidence(change: EvidenceChange = {}): Evidence {
  const { rows, ...rest } = change
  return { ...GOOD, ...rest, rows: { ...GOOD_ROWS, ...rows } }
}

const ENDED_MS = 1_000

const turn = (n: number): Rows['turns'][number] => ({
  id: `turn-${n}`,
  gen: 1,
  agentId: 'eve',
  roomId: 'room',
  messageId: `asked-${n}`,
  seq: n,
  state: 'replied',
  replyMemoryId: `memory-${n}`,
  startedAt: (n - 1) * ENDED_MS,
  settledAt: n * ENDED_MS,
  deadlineAt: 300_000,
})

const step = (n: number, name: string, success: boolean | null = null) => ({
  turnId: `turn-${n}`,
  gen: 1,
  step: name,
  state: 'done' as const,
  isVoid: false,
  success,
})

const both = <T>(make: (n: number) => readonly T[]): readonly T[] => [1, 2].flatMap(make)

export const GOOD_ROWS: Rows = {
  records: [],
  taskRuns: [],
  turns: both((n) => [turn(n)]),
  steps: both((n) => [
    ...[step(n, 'admit'), step(n, 'decide'), step(n, 'settle'), step(n, 'deliver')],
    ...[step(n, 'runAction:0', true), step(n, 'runAction:1', true), step(n, 'evaluate:REMEMBER')],
  ]),
  modelCalls: both((n) => [
    {
      turnId: `turn-${n}`,
      gen: 1,
      step: 'decide',
      call: 1,
      attempt: 1,
      try: 1,
      state: 'complete' as const,
    },
  ]),
  outbox: both((n) => [{ id: `reply-${n}`, turnId: `turn-${n}`, seq: n, state: 'sent' }]),
  memories: both((n) => [
    { id: `heard-${n}`, type: 'messages', turnId: `turn-${n}`, step: 'accept' },
    { id: `memory-${n}`, type: 'messages', turnId: `turn-${n}`, step: 'settle' },
    { id: `fact-${n}`, type: 'facts', turnId: `turn-${n}`, step: 'evaluate:REMEMBER' },
  ]),
  messages: both((n) => [
    { id: `asked-${n}`, externalId: `external-${n}`, turnId: null, text: `Question ${n}` },
    { id: `reply-${n}`, externalId: null, turnId: `turn-${n}`, text: `Answer ${n}` },
  ]),
}

const GOOD: Evidence = {
  inbound: both((n) => [{ externalId: `external-${n}`, turnIds: [`turn-${n}`] }]),
  visible: both((n) => [
    { rowId: `reply-${n}`, part: 0, channelId: 'channel', text: `Answer ${n}` },
  ]),
  dedup: 'nonce',
  effects: both((n) => [
    { kind: 'once' as const, turnId: `turn-${n}`, key: `once-${n}`, calls: 1 },
    { kind: 'idempotent' as const, turnId: `turn-${n}`, key: `book-${n}`, calls: 2 },
  ]),
  bill: both((n) => [{ turnId: `turn-${n}`, step: 'decide', state: 'answered' as const }]),
  rows: GOOD_ROWS,
  histories: both((n) => [{ turnId: `turn-${n}`, texts: [`turn-${n}`, 'replied'] }]),
  canaries: ['Question 1', 'Question 2'],
}
