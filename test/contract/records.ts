import { beforeEach, describe } from '@jest/globals'
import type { AgentRecords, Records, RecordWrite } from '../../agent/records.ts'
import { recordsOfAgents } from './records-agents.ts'
import { recordsOfMemories } from './records-memories.ts'
import { recordsOfPlaces } from './records-places.ts'
import { recordsOfThings } from './records-things.ts'

export interface RecordsBench {
  readonly records: Records
  /** A new agent without anything. */
  newAgent(): Promise<string>
}

/** One agent, as a test sees it. */
export interface OneAgent {
  readonly agentId: string
  readonly reads: AgentRecords
  commit(...writes: readonly RecordWrite[]): Promise<void>
}

/** What records do, wherever they are kept. */
export function recordsContract(name: string, bench: () => RecordsBench): void {
  describe(`${name}, as an agent's records`, () => {
    let agent: OneAgent
    let other: OneAgent
    beforeEach(async () => {
      agent = await oneAgent(bench())
      other = await oneAgent(bench())
    })
    recordsOfMemories(() => agent)
    recordsOfPlaces(() => agent)
    recordsOfThings(() => agent)
    recordsOfAgents(() => ({ agent, other }))
  })
}

async function oneAgent({ records, newAgent }: RecordsBench): Promise<OneAgent> {
  const agentId = await newAgent()
  return {
    agentId,
    reads: records.of(agentId),
    commit: (...writes) => records.commit(agentId, writes),
  }
}
