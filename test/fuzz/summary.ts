import type { RunEvidence } from './gather.ts'
import type { Stage } from './stage.ts'

/** How much a run has met, in one line: one that met little has shown little. */
export function summaryOf({ plan, said, answers }: Stage, { rooms, claims }: RunEvidence): string {
  const faults = plan.ops.filter(({ kind }) => kind === 'fault').length
  const rows = rooms.map(({ evidence }) => evidence.rows)
  const facts = rooms.flatMap((room) => room.facts)
  const calls = rows.flatMap(({ modelCalls }) => modelCalls)
  const steps = rows.flatMap((row) => row.steps)
  const repeats = [...said.values()].flatMap(({ say }) => say.repeats).length
  const numbers: readonly (readonly [number, string])[] = [
    [faults, 'faults'],
    [repeats, 'repeated messages'],
    [claims.calls.length + claims.reflections.length, 'model calls'],
    [calls.filter(({ attempt }) => attempt > 1).length, 'of a second attempt'],
    [calls.filter(({ state }) => state === 'cut').length, 'aborted'],
    [facts.filter(({ gen }) => gen > 1).length, 'turns of a later generation'],
    [answers.size, 'approvals answered'],
    [steps.filter(({ step }) => step.startsWith('steer:')).length, 'turns steered'],
    [rooms.flatMap(({ evidence }) => evidence.effects).length, 'effects'],
    [rooms.flatMap(({ evidence }) => evidence.visible).length, 'messages shown on platforms'],
  ]
  return numbers.map(([count, what]) => `${count} ${what}`).join(', ')
}
