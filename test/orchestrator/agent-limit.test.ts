import { expect, it } from '@jest/globals'
import { assemble } from '../../bin/assembly.ts'
import { createLogger } from '../../observability/log.ts'
import { loadSettings } from '../../orchestrator/load-settings.ts'
import { takePlace } from '../../turns/agent-slots.ts'
import { openTestPglite } from '../support/databases.ts'
import '../support/quiet-runtime.ts'
import { createAgent, createChannel, queueTurn, turnRow } from '../support/turn-fixtures.ts'

it('maxConcurrentRequests holds the turns of an agent that are too many, before Temporal hears of them', async () => {
  const database = await openTestPglite()
  const { db } = database
  const resourceLimits = { maxConcurrentRequests: 1 }
  const { config } = loadSettings({ databaseAdapter: 'a folder', resourceLimits }, {})
  const assembly = await assemble({
    ...{ config, database, salt: 'a salt', hasWorker: false, elizaTypingMs: 0 },
    temporalAddress: '127.0.0.1:9', // nobody listens: a start would fail
    logger: createLogger({ level: 'silent', pretty: false, logContent: false, secrets: [] }),
  })
  try {
    const agentIds = [await createAgent(db)]
    const first = await queueTurn(db, await createChannel(db, { agentIds }))
    const second = await queueTurn(db, await createChannel(db, { agentIds }))
    expect(await takePlace(db, first, 1)).toHaveLength(1)
    await assembly.ports.startHead(second)
    // Held: only a free place lets it go on.
    expect((await turnRow(db, second.turnId)).ready_at).toBe(Number.POSITIVE_INFINITY)
  } finally {
    await assembly.close()
    await database.close()
  }
}, 20_000)
