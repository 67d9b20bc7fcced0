import type { WorkContext } from '../../agent/context.ts'
import type { RecordWrite } from '../../agent/records.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { placeOf, refusedLate } from '../facade/place.ts'
import type { HostLog } from '../runtime-host.ts'
import { type Buffered, bufferedWithin } from './event-context.ts'

export interface LatePorts {
  readonly agentId: string
  readonly log: HostLog
  /** Commits at once, outside of any step. */
  commit(writes: readonly RecordWrite[]): Promise<void>
}

const CHANGES_OF_MEMORIES: readonly string[] = ['memory.update', 'memory.delete', 'memory.clear']

/**
 * As `bufferedWithin`, for an event that its emitter may not wait for: when the emitter has returned by the time
 * the handler has, the step may have committed, and its buffer goes nowhere. What was written is then late, as
 * what the emitter itself writes would be.
 *
 * @param handler `plugin:EVENT #1`, for words and ids
 */
export function bufferedOrLate(ports: LatePorts, outer: WorkContext, handler: string): Buffered {
  const { context, flush } = bufferedWithin(outer)
  const late: RecordWrite[] = []
  const refused = new Set<string>()
  const write = (one: RecordWrite) =>
    CHANGES_OF_MEMORIES.includes(one.kind) ? void refused.add(one.kind) : void late.push(one)
  const { id: roomId, worldId } = outer.room
  const idOf = (kind: string) => {
    const { turn, step } = outer
    return stringToUuid(`${turn.turnId}:${turn.gen}:${step}:${handler}:${kind}:${late.length}`)
  }
  return {
    context: {
      ...context,
      write(one) {
        write(one)
        context.write(one)
      },
      say(content) {
        refused.add('callback')
        context.say(content)
      },
      remember(memory) {
        const place = { id: idOf('memory'), roomId, worldId }
        write({ kind: 'memory.create', memory: { ...memory, ...place } })
        context.remember(memory)
      },
      relate(relationship) {
        write({ kind: 'relationship.put', relationship })
        context.relate(relationship)
      },
    },
    async flush() {
      const place = placeOf(ports.agentId) // of the emitter, in whose scope the handlers are told
      if (place.kind !== 'late') return flush()
      await storeLate(ports, { handler, turnId: outer.turn.turnId }, late)
      if (refused.size > 0) throw refusedLate(place, [...refused].join("', '"))
    },
  }
}

async function storeLate(
  { log, commit }: LatePorts,
  fields: { readonly handler: string; readonly turnId: string },
  writes: readonly RecordWrite[],
): Promise<void> {
  if (writes.length === 0) return
  const kinds = [...new Set(writes.map(({ kind }) => kind))]
  log.warn(
    { ...fields, writes: kinds },
    `The event handler '${fields.handler}' ends after the member that emitted the event: what it wrote is stored at once, without its turn. Await 'emitEvent'.`,
  )
  await commit(writes)
}
