import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkRun } from './check-run.ts'
import { createAsk } from './client.ts'
import { gather, type RunEvidence } from './gather.ts'
import { heal } from './heal.ts'
import { openHouse } from './house.ts'
import { answerApprovals } from './intervene.ts'
import { openJournal } from './journal.ts'
import { answeredShare, LEAST_SHARE, type Outcome, outcomeOf, outcomeTable } from './outcomes.ts'
import { perform } from './perform.ts'
import type { Plan } from './plan.ts'
import { savePlan } from './plan-file.ts'
import { showProgress } from './progress.ts'
import { setScene } from './scene.ts'
import type { Stage } from './stage.ts'
import { summaryOf } from './summary.ts'
import { watchEndings } from './watch-endings.ts'

export interface RunOptions {
  /** What is left of the run is put here. */
  readonly folder: string
  readonly signal: AbortSignal
  say(line: string): void
}

/** Carries a plan out, lets everything settle, and judges. @returns what is wrong; nothing: it passed */
export async function runPlan(plan: Plan, options: RunOptions): Promise<string[]> {
  const { folder, signal, say } = options
  await savePlan(folder, plan)
  const journal = openJournal(folder)
  const house = await openHouse(plan, folder, journal)
  try {
    for (const slot of house.slots) slot.start()
    const ask = createAsk(house.slots)
    const scene = await setScene(plan, ask, signal)
    const stage: Stage = {
      ...{ plan, house, scene, ask, journal, signal },
      ...{ said: new Map(), cancelled: new Set(), answers: new Map(), followed: [] },
    }
    const wrong = await act(stage, say)
    if (signal.aborted) return ['it was given up']
    const run = await gather(stage)
    const outcomes = outcomesOf(stage, run)
    for (const line of [...outcomeTable(outcomes), `  ${summaryOf(stage, run)}`]) say(line)
    const all = [...wrong, ...checkRun(stage, run), ...tooFew(outcomes)]
    await keep(folder, run, all)
    return all
  } finally {
    await house.close()
    await journal.close()
  }
}

async function act(stage: Stage, say: RunOptions['say']): Promise<string[]> {
  let isHealing = false
  let isOver = false
  const performance = perform(stage)
  const stopProgress = showProgress(stage, { performance, say, isHealing: () => isHealing })
  const watching = watchEndings(stage, () => isOver)
  const approving = answerApprovals(stage, { isHealing: () => isHealing, isOver: () => isOver })
  await performance.played
  isHealing = true
  const left = await heal(stage, performance)
  isOver = true
  stopProgress()
  await approving
  return [...left, ...(await watching)]
}

/** Every message, for each agent that is in its room. */
function outcomesOf({ plan, scene, said }: Stage, { rooms }: RunEvidence): Outcome[] {
  const turns = new Map(rooms.flatMap(({ facts }) => facts.map((turn) => [turn.id, turn])))
  return [...said.values()].flatMap(({ say, turnIds }) =>
    (plan.rooms[say.room]?.agents ?? []).map((agent) => {
      const [turnId] = turnIds.get(scene.agentIds[agent] ?? '') ?? []
      return outcomeOf(turnId, turns)
    }),
  )
}

function tooFew(outcomes: readonly Outcome[]): string[] {
  const share = answeredShare(outcomes)
  if (share >= LEAST_SHARE) return []
  return [`only ${(share * 100).toFixed(1)} % of the messages were answered`]
}

/** For whoever looks into a failure. */
async function keep(folder: string, run: RunEvidence, violations: readonly string[]) {
  const evidence = join(folder, 'evidence')
  await mkdir(evidence, { recursive: true })
  for (const [index, room] of run.rooms.entries()) {
    const { histories, ...rest } = room.evidence
    const text = JSON.stringify({ ...room, evidence: rest, histories: histories.length }, null, 1)
    await writeFile(join(evidence, `${index + 1}.json`), text)
  }
  await writeFile(join(folder, 'violations.txt'), `${violations.join('\n')}\n`)
}
