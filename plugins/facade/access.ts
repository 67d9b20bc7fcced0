import { randomUUID } from 'node:crypto'
import { checkRecord } from '../../agent/record-checks.ts'
import type { AgentRecords, RecordWrite } from '../../agent/records.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { storableJson } from '../../schema/text.ts'
import type { PluginError } from '../plugin-error.ts'
import type { Runtime } from '../runtime.ts'
import type { RuntimeHost } from '../runtime-host.ts'
import { workOf } from '../scope.ts'
import { cachedRecords } from './cached-records.ts'
import { changedIds, guardedRecords, guardWrites, type RecordGuard } from './guarded-records.ts'
import { overlaid } from './overlay.ts'
import { type InTurn, type Place, placeOf, refusedLate } from './place.ts'

/** How the members of a façade reach what is stored: by the turn that they find themselves in. */
export interface Access {
  readonly host: RuntimeHost
  readonly agentId: string
  /** The façade itself. Members ask each other through it, so that what was overwritten counts. */
  readonly runtime: Runtime
  /** What the member that runs may reach; absent: everything. */
  readonly guard?: RecordGuard
  /** With what the running step wrote so far. @throws {PluginError} the turn was cut off; it may not */
  records(): AgentRecords
  /**
   * Within a step that takes writes they commit with it, otherwise at once.
   * @throws {PluginError} the turn was cut off, or is over and the write changes a memory; it may not
   * @throws {RecordError} it can never be stored
   */
  write(...writes: readonly RecordWrite[]): Promise<void>
  /** The same for what members of ours wrote: whatever the plugin that asked them may reach. */
  writeOurs(...writes: readonly RecordWrite[]): Promise<void>
  /** For a new row. Within a turn it is the same when the step is repeated. */
  nextId(kind: string): string
  /** Milliseconds since the epoch, as the step sees it. */
  now(): number
}

export function createAccess(host: RuntimeHost, runtime: Runtime, guard?: RecordGuard): Access {
  const { agentId } = host
  const records = (): AgentRecords => {
    const place = placeOf(agentId)
    const stored = host.records.of(agentId)
    if (place.kind !== 'turn') return stored
    const { reads, written } = place.turn
    return overlaid(cachedRecords(stored, reads), written, agentId)
  }
  return {
    ...{ host, agentId, runtime, ...(guard && { guard }) },
    records: () => (guard ? guardedRecords(records(), guard) : records()),
    async write(...writes) {
      const kept = writes.map((write) => storableJson(write))
      for (const write of kept) checkRecord(write)
      if (guard) {
        const ids = changedIds(kept)
        guardWrites(kept, ids.length > 0 ? await records().memoriesById(ids) : [], guard)
      }
      await writeIn(host, kept)
    },
    async writeOurs(...writes) {
      const kept = writes.map((write) => storableJson(write))
      for (const write of kept) checkRecord(write)
      await writeIn(host, kept)
    },
    nextId(kind) {
      const place = placeOf(agentId)
      if (place.kind === 'outside') return randomUUID()
      const { context, step } = place.turn
      const { turnId, gen } = context.turn
      const { plugin, member } = place.scope
      return stringToUuid(
        `${turnId}:${gen}:${step}:${plugin}:${member}:${kind}:${place.turn.next(kind)}`,
      )
    },
    now() {
      const place = placeOf(agentId)
      return place.kind === 'turn' ? place.turn.context.now : Date.now()
    },
  }
}

async function writeIn(host: RuntimeHost, writes: readonly RecordWrite[]): Promise<void> {
  const place = placeOf(host.agentId)
  if (place.kind === 'outside') return commit(host, writes)
  if (place.kind === 'turn') return writeInTurn(host, place, writes)
  const refused = writes.find(({ kind }) => CHANGES_OF_MEMORIES.includes(kind))
  if (refused) throw told(host, place, refusedLate(place, refused.kind))
  const { plugin, member } = place.scope
  const kinds = [...new Set(writes.map(({ kind }) => kind))]
  const { turnId } = place.turn.context.turn
  host.log.warn(
    { plugin, member, turnId, writes: kinds },
    `The ${member} of '${plugin}' writes after it returned: it is stored at once, without its turn.`,
  )
  await commit(host, writes)
}

/** Packages catch it and go on: whoever runs them hears of it nevertheless. */
function told(host: RuntimeHost, { scope }: Extract<Place, { kind: 'late' }>, error: PluginError) {
  host.noteFault(scope, scope.member, error)
  return error
}

/** What they would change belongs to the turn, which has been told and read: too late. */
const CHANGES_OF_MEMORIES: readonly RecordWrite['kind'][] = [
  'memory.update',
  'memory.delete',
  'memory.clear',
]

async function writeInTurn(
  host: RuntimeHost,
  { scope, turn }: InTurn,
  writes: readonly RecordWrite[],
): Promise<void> {
  const work = workOf(turn)
  if (work) {
    for (const write of writes) work.write(write)
    return
  }
  const { plugin, member } = scope
  const { turnId } = turn.context.turn
  host.log.debug(
    { plugin, member, turnId, step: turn.step, writes: writes.map(({ kind }) => kind) },
    `The ${member} of '${plugin}' writes in a step that only reads: it is stored at once.`,
  )
  await commit(host, writes)
  turn.reads.clear() // what was read before may be another now
}

async function commit(host: RuntimeHost, writes: readonly RecordWrite[]): Promise<void> {
  await host.commit(writes)
  if (writes.some(({ kind }) => kind.startsWith('task.'))) host.tasksChanged()
}
