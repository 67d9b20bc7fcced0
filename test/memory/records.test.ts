import { randomUUID } from 'node:crypto'
import { beforeAll } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { createRecords } from '../../memory/records.ts'
import { recordsContract } from '../contract/records.ts'
import { describeDatabases } from '../support/databases.ts'
import { createMemoryRecords } from '../support/memory-records.ts'
import { createAgent } from '../support/turn-fixtures.ts'

const inMemory = createMemoryRecords()
recordsContract('A list in memory', () => ({
  records: inMemory,
  newAgent: async () => randomUUID(),
}))

describeDatabases('records', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  recordsContract('A database', () => ({
    records: createRecords(database.db),
    newAgent: () => createAgent(database.db),
  }))
})
