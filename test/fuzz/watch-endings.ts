import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from './stage.ts'

interface Ended {
  readonly id: string
  readonly gen: number
  readonly what: string
}

const ENDED = `
  select id, gen, concat_ws(' ', state, code, settled_at, reply_memory_id, answered_by) as what from turns
  where state not in ('queued', 'running', 'waiting_approval')`

const LOOK_MS = 800

/**
 * An outcome is final: whatever wakes up later, a generation that has ended stays as it is.
 * @returns the changes that were seen, in sentences
 */
export async function watchEndings(stage: Stage, isOver: () => boolean): Promise<string[]> {
  const known = new Map<string, string>()
  const changes: string[] = []
  while (!isOver() && !stage.signal.aborted) {
    const { rows } = await stage.house.db
      .query<Ended>(ENDED)
      .catch(() => ({ rows: [] as readonly Ended[] })) // Postgres is away
    for (const { id, gen, what } of rows) {
      const before = known.get(`${id} ${gen}`)
      if (before !== undefined && before !== what) {
        changes.push(`I1: the ended turn ${id} was '${before}' and became '${what}'`)
      }
      known.set(`${id} ${gen}`, what)
    }
    await delay(LOOK_MS)
  }
  return changes
}
