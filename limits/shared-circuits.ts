import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'
import { type BreakerKey, readOpenBreakers } from './breaker-rows.ts'
import type { Circuit } from './circuit.ts'
import { createRefresher, type Refresher } from './refresher.ts'

/** A process's circuits, kept in step with the rows that all processes share. */
export interface SharedCircuits {
  of(key: BreakerKey): Circuit
  /**
   * Writes what became of a circuit. Never rejects: what could not be written, only this process knows.
   * @returns whether it was written
   */
  write(circuit: Circuit, statement: () => Promise<unknown>): Promise<boolean>
  readonly refresher: Refresher
}

export interface SharedCircuitsOptions {
  readonly db: Kysely<Database>
  readonly refreshMs: number
  create(key: BreakerKey): Circuit
  onError(error: unknown): void
}

/** An agent may name hosts and models of its own. */
const MAX_CIRCUITS = 2_000

export function createSharedCircuits(options: SharedCircuitsOptions): SharedCircuits {
  const { db, onError, refreshMs: everyMs } = options
  const circuits = createRecentCircuits(options.create)
  // A reading that began before a change, or while it was being written, knows less than we do.
  let revision = 0
  const read = async (): Promise<void> => {
    revision += 1
    const begun = revision
    const rows = new Map((await readOpenBreakers(db)).map((row) => [keyOf(row), row]))
    const isNews = (circuit: Circuit) => circuit.writes === 0 && circuit.revision < begun
    for (const circuit of circuits.all()) {
      const isGone = circuit.isShared && circuit.isOpen && !rows.has(keyOf(circuit.key))
      if (isGone && isNews(circuit)) circuit.close()
    }
    for (const row of rows.values()) {
      const circuit = circuits.of(row)
      if (isNews(circuit)) circuit.adopt(row)
    }
  }
  const change = (circuit: Circuit, writes: number) => {
    revision += 1
    circuit.revision = revision
    circuit.writes += writes
  }
  return {
    of: circuits.of,
    refresher: createRefresher({ everyMs, read, onError }),
    async write(circuit, statement) {
      change(circuit, 1)
      try {
        await statement()
        circuit.isShared = true
      } catch (error) {
        circuit.isShared = false
        onError(error)
      }
      change(circuit, -1)
      return circuit.isShared
    },
  }
}

const keyOf = ({ vendor, host, model }: BreakerKey) => JSON.stringify([vendor, host, model])

/** Those that were asked for last; one that is forgotten while it is open is read again. */
function createRecentCircuits(create: (key: BreakerKey) => Circuit) {
  const circuits = new Map<string, Circuit>()
  return {
    all: () => circuits.values(),
    of({ vendor, host, model }: BreakerKey): Circuit {
      const key = { vendor, host, model }
      const circuit = circuits.get(keyOf(key)) ?? create(key)
      circuits.delete(keyOf(key))
      circuits.set(keyOf(key), circuit)
      const [oldest] = circuits.keys()
      if (circuits.size > MAX_CIRCUITS && oldest !== undefined) circuits.delete(oldest)
      return circuit
    },
  }
}
