import { describe, expect, it } from '@jest/globals'
import { checkRecords } from './check-records.ts'
import type { Rows } from './evidence.ts'
import { type EvidenceChange, GOOD_ROWS, sampleEvidence } from './sample-evidence.ts'
import { taskIdOf } from './task-id.ts'

/** The first turn with what its plugin wrote in `composeState` and in its first action. */
const ofPlugins = (change: Partial<Rows> = {}): EvidenceChange => {
  const [turnId, step] = ['turn-1', 'composeState']
  const composed = { turnId, gen: 1, step, state: 'done' as const, isVoid: false, success: null }
  const types = [
    ['composeState', 'noticed'],
    ['runAction:0', 'paid'],
    ['runAction:1', 'enrolled'],
  ] as const
  const rows = {
    turns: GOOD_ROWS.turns.slice(0, 1),
    steps: [composed, ...GOOD_ROWS.steps],
    memories: [
      ...GOOD_ROWS.memories,
      ...types.map(([of, type]) => ({ id: type, type, turnId, step: of })),
    ],
    records: [
      ...types.flatMap(([, type]) => [
        { kind: 'component' as const, id: `component-${type}`, type, turnId },
        { kind: 'cache' as const, id: `cache-${type}`, type, turnId },
      ]),
      ...TASK_NAMES.map((type) => ({ kind: 'component' as const, id: type, type, turnId })),
    ],
    taskRuns: TASK_NAMES.map((name) => ({ taskId: taskIdOf(turnId, name), state: 'done' })),
  }
  return { hasPlugins: true, rows: { ...rows, ...change } }
}

const TASK_NAMES = ['SAFE_TASK', 'ONCE_TASK'] as const

/** Of those that a plugin's turn leaves behind. */
const recordsOf = ({ rows }: EvidenceChange) => rows?.records ?? []
const runsOf = ({ rows }: EvidenceChange) => rows?.taskRuns ?? []

describe('the check of what plugins wrote', () => {
  const records = (change: Partial<Rows>) =>
    checkRecords(sampleEvidence(ofPlugins(change))).map(
      ({ invariant, what }) => `${invariant}: ${what}`,
    )

  it('finds nothing where all went well', () => {
    expect(records({})).toEqual([])
  })

  it('finds a row that is missing, and one that is there twice', () => {
    const [first, ...rest] = recordsOf(ofPlugins())
    expect(records({ records: rest })).toEqual([
      "I4: composeState of turn-1 left 0 components 'noticed', not 1",
    ])
    const again = { ...first, id: 'again' } as Rows['records'][number] // there is a first
    expect(records({ records: [again, ...recordsOf(ofPlugins())] })).toEqual([
      "I4: composeState of turn-1 left 2 components 'noticed', not 1",
    ])
  })

  it('finds rows of an action whose outcome is unknown', () => {
    const steps = (ofPlugins().rows?.steps ?? []).map((step) =>
      step.step === 'runAction:0' ? { ...step, success: false, isUnknown: true } : step,
    )
    expect(records({ steps })).toHaveLength(3)
  })

  it('finds a task that ran twice, one that did not run, and rows of a run that is unknown', () => {
    const runs = runsOf(ofPlugins())
    expect(records({ taskRuns: [...runs, ...runs.slice(0, 1)] })).toEqual([
      'I4: SAFE_TASK of turn-1: 2 runs, 1 rows',
      'effects: SAFE_TASK of turn-1 was done 2 times: done, done',
    ])
    expect(records({ taskRuns: runs.slice(1) })).toHaveLength(2)
    const unknown = runs.map((run, n) => (n === 1 ? { ...run, state: 'unknown' } : run))
    expect(records({ taskRuns: unknown })).toEqual(['I4: ONCE_TASK of turn-1: 0 runs, 1 rows'])
  })
})
