import type { Ports, StepCommit } from '../agent/ports.ts'
import { RecordError } from '../agent/record-checks.ts'

/**
 * Commits a step. Some changes of plugins show only here that they can never be stored, such as one of
 * another agent's row: the step then commits without any of its records, so that what was said, asked
 * and done in it is not lost with them, nor done again.
 *
 * @param store commits what it is given; `refused` says why the records were left out
 */
export async function storedOrRefused<T>(
  { log }: Pick<Ports, 'log'>,
  { commit, step }: { readonly commit: StepCommit; readonly step: string },
  store: (kept: StepCommit, refused?: RecordError) => Promise<T>,
): Promise<T> {
  try {
    return await store(commit)
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    const { turnId, gen, agentId, room } = commit.turn
    const turn = { turnId, gen, agentId, roomId: room.id }
    log.warn(turn, `What plugins wrote in the step '${step}' is not stored.`, error)
    return store({ ...commit, records: [] }, error)
  }
}
