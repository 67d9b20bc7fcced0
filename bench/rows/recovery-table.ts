import { setTimeout as delay } from 'node:timers/promises'
import { endProcesses } from '../../test/support/processes.ts'
import { type Figure, round } from '../figures.ts'
import { openStage, type Stage } from './recovery-cast.ts'
import { LINES, type Line } from './recovery-strikes.ts'

/** What an orchestrator takes at least to notice, and to start the next. */
const RESTART_AFTER_MS = 1_000

/** Messages until one goes the way that the strike waits for. */
const TRIES = 12

interface Times {
  readonly line: Line
  /** Seconds from the strike to the reply, of each sample. */
  readonly secondAlive: readonly number[]
  /** The same, with the start of the new process; empty where nobody can be the only one. */
  readonly restarted: readonly number[]
}

/**
 * From the death (or the pause) of a process to the reply, for every moment of a turn. The model
 * answers at once, so its time is not in it.
 * @param samples of each cell; the worst counts
 */
export async function measureRecoveryTable(
  samples: number,
  say: (text: string) => void,
): Promise<Figure[]> {
  const stage = await openStage()
  const all: Figure[] = []
  try {
    for (const line of LINES) {
      const times: Times = {
        line,
        secondAlive: await sampled(samples, () => sample(stage, line, false)),
        restarted: line.needsTwo ? [] : await sampled(samples, () => sample(stage, line, true)),
      }
      all.push(figureOf(times))
      say(`  ${all.at(-1)?.what}: ${all.at(-1)?.measured}`)
    }
    return all
  } finally {
    await endProcesses()
    await stage.close()
  }
}

async function sampled(count: number, work: () => Promise<number>): Promise<number[]> {
  const times: number[] = []
  while (times.length < count) times.push(await work())
  return times
}

async function sample(stage: Stage, line: Line, isAlone: boolean): Promise<number> {
  const cast = await stage.cast({ role: line.victim, count: isAlone ? 1 : 2 })
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const ms = await once(stage, { line, isAlone, cast })
      if (ms !== undefined) return ms / 1000
    }
    throw new Error(`No turn of ${TRIES} came to '${line.where}'.`)
  } finally {
    stage.script.atPoint = undefined
    stage.script.answer = undefined
    await cast.dismiss()
  }
}

interface Scene {
  readonly line: Line
  readonly isAlone: boolean
  readonly cast: Awaited<ReturnType<Stage['cast']>>
}

/** Milliseconds; undefined when the turn ended before anybody was hit. */
async function once(stage: Stage, { line, isAlone, cast }: Scene): Promise<number | undefined> {
  const posted = Promise.withResolvers<string>()
  const struck = line.strike(stage, cast, posted.promise)
  const channelId = await cast.post()
  posted.resolve(channelId)
  const settled = cast.settled(channelId)
  settled.catch(() => undefined) // whoever waits for it hears it
  const at = await Promise.race([struck, settled.then(() => undefined)])
  if (at === undefined) return undefined
  if (isAlone) {
    await delay(RESTART_AFTER_MS)
    await cast.replace(line.victim)
  }
  return (await settled) - at
}

function figureOf({ line, secondAlive, restarted }: Times): Figure {
  const alive = round(Math.max(...secondAlive), 1)
  const alone = restarted.length > 0 ? round(Math.max(...restarted), 1) : undefined
  return {
    what: line.where,
    budget: `≤ ${line.budgetSeconds} s`,
    measured: `${alive} s | ${alone === undefined ? '–' : `${alone} s`}`,
    isMet: Math.max(alive, alone ?? 0) <= line.budgetSeconds,
    numbers: {
      ...{ samples: secondAlive.length, secondAliveSeconds: alive },
      secondAliveBestSeconds: round(Math.min(...secondAlive), 1),
      ...(alone === undefined ? {} : { restartedSeconds: alone }),
      ...(restarted.length > 0 && { restartedBestSeconds: round(Math.min(...restarted), 1) }),
    },
  }
}

/** Columns of its own: `measured` holds two. */
export const recoveryTable = (figures: readonly Figure[]): string =>
  [
    ['killed', 'second alive', 'only one, restarted after 1 s', 'budget', 'met'],
    Array(5).fill('---'),
    ...figures.map(({ what, measured, budget, isMet }) => [
      what,
      measured,
      budget,
      isMet ? 'yes' : 'NO',
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
