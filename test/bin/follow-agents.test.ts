import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createAgentsPort, resumeDeletions } from '../../bin/api/agents.ts'
import type { ApiParts } from '../../bin/api/parts.ts'
import { type AgentFollower, createAgentFollower } from '../../bin/follow-agents.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { deleteAgent, findAgent, setAgentStatus, updateAgent } from '../../memory/agents.ts'
import { settle } from '../../turns/settle.ts'
import { openTestPglite } from '../support/databases.ts'
import {
  createAgent,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

let database: OpenDatabase
beforeAll(async () => {
  database = await openTestPglite()
})
afterAll(() => database.close())

/** One process: agents whose plugins are held, and what became of them in order. */
function openProcess() {
  const held = new Set<string>()
  const busy = new Set<string>()
  const did: string[] = []
  const ending = new AbortController()
  const agents = {
    registry: {
      async get(id: string) {
        did.push('open')
        held.add(id)
      },
    },
    forget: () => void did.push('forget'),
  }
  const host = {
    heldIds: () => [...held],
    isBusy: (id: string) => busy.has(id),
    async close(id: string) {
      did.push('close')
      held.delete(id)
    },
  }
  const { db } = database
  const log = { warn: (fields: object) => void did.push(JSON.stringify(fields)) }
  const given = { db, agents, host, log, stopped: ending.signal }
  const follower = createAgentFollower(
    given as unknown as Parameters<typeof createAgentFollower>[0],
  ) // what it asks of them
  return { follower, held, busy, did, ending }
}
type Process = ReturnType<typeof openProcess>

describe('the plugins of a process', () => {
  let agentId: string
  let here: Process
  beforeEach(async () => {
    for (const { id } of await database.db.selectFrom('agents').select('id').execute()) {
      await deleteAgent(database.db, id)
    }
    agentId = await createAgent(database.db)
    here = openProcess()
  })
  afterEach(() => here.ending.abort())
  const set = (status: 'active' | 'inactive' | 'deleting') =>
    setAgentStatus(database.db, agentId, status)
  /** Follows until the look that the process does itself has ended. */
  async function followed({ follower, ending }: Process): Promise<AgentFollower> {
    void follower.run(3_600_000, ending.signal)
    await follower.look()
    return follower
  }

  it('start with it, end when another process stopped the agent, and start again', async () => {
    const follower = await followed(here)
    expect(here.held).toEqual(new Set([agentId]))
    await set('inactive')
    await follower.look()
    expect(here.held.size).toBe(0)
    await set('active')
    await follower.look()
    await follower.look()
    expect(here.did).toEqual(['open', 'close', 'forget', 'open'])
  })

  it('are taken up when the character of a running agent was changed, before its next message', async () => {
    const follower = await followed(here)
    const character = { name: 'Ada', bio: 'A companion.', plugins: ['@elizaos/plugin-new'] }
    await updateAgent(database.db, {
      ...{ id: agentId, name: 'Ada', character, secrets: null, sourceHash: null },
    })
    await follower.look()
    await follower.look()
    expect(here.did).toEqual(['open', 'open'])
  })

  it('are left alone where the agent was inactive from the beginning', async () => {
    await set('inactive')
    await followed(here)
    expect(here.did).toEqual([])
  })

  it('outlast the turn that runs, wherever it does, and a member that works behind it', async () => {
    const channel = await createChannel(database.db, { agentIds: [agentId] })
    const turn = await runTurn(database.db, channel)
    const follower = await followed(here)
    await set('inactive')
    await follower.look()
    expect(here.held.size).toBe(1)
    here.busy.add(agentId)
    await settle(database.db, settlementOf(headOf(turn)))
    await follower.look()
    expect(here.held.size).toBe(1)
    here.busy.clear()
    await follower.look()
    expect(here.held.size).toBe(0)
  })

  it('end with the row of a deleted agent', async () => {
    const follower = await followed(here)
    await deleteAgent(database.db, agentId)
    await follower.look()
    expect(here.held.size).toBe(0)
  })

  it('end before a stop is answered, and before the rows of a deleted agent go', async () => {
    const { follower, did, held } = here
    held.add(agentId)
    const parts = { db: database.db, follower, turnDeadlineMs: 1_000 } as unknown as ApiParts // all that it needs
    const status = (id: string, to: 'inactive') => setAgentStatus(database.db, id, to)
    const port = createAgentsPort({ ...parts, agents: { setStatus: status } } as never) // nothing else is asked for
    await port.stop(agentId)
    expect(did).toEqual(['close', 'forget'])
    held.add(agentId)
    await set('deleting')
    await resumeDeletions(parts)
    expect(did).toEqual(['close', 'forget', 'close', 'forget'])
    expect(await findAgent(database.db, agentId)).toBeUndefined()
  })

  it('are not started by a process that is about to end', async () => {
    here.ending.abort()
    await here.follower.run(1, new AbortController().signal)
    expect(here.did).toEqual([])
  })
})
