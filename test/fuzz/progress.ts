import type { Performance } from './perform.ts'
import type { Stage } from './stage.ts'
import { underWay } from './under-way.ts'

const EVERY_MS = 1_000
const COUNT = `
  select count(*)::int as turns, count(*) filter (where settled_at is not null)::int as ended,
    count(*) filter (where state = 'replied')::int as replied from turns`

export interface ProgressOptions {
  readonly performance: Performance
  isHealing(): boolean
  say(line: string): void
}

/** A line per second: how far the plan is, what has ended, and who is up. @returns what stops it */
export function showProgress(
  { house, plan, said }: Stage,
  { performance, isHealing, say }: ProgressOptions,
): () => void {
  const began = Date.now()
  const show = async () => {
    const time = `${String(Math.round((Date.now() - began) / 1_000)).padStart(4)} s`
    const counted = await house.db
      .query<{ turns: number; ended: number; replied: number }>(COUNT)
      .then(({ rows }) => rows[0])
      .catch(() => undefined)
    const turns = counted
      ? `${counted.turns} turns, ${counted.ended} ended, ${counted.replied} replied`
      : 'Postgres does not answer'
    const up = house.slots.filter((slot) => slot.isUp()).map(({ name }) => name)
    const left = isHealing() ? await underWay(house.db).catch(() => '?') : ''
    const phase = isHealing() ? `heal (${left})` : `${performance.begun()}/${plan.ops.length} ops`
    const temporal = house.temporal.isUp() ? '' : ', Temporal is down'
    say(`${time}  ${phase}, ${said.size} messages, ${turns}; up: ${up.join(' ')}${temporal}`)
  }
  const timer = setInterval(() => void show(), EVERY_MS)
  return () => clearInterval(timer)
}
