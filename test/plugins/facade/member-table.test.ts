import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { MEMBER_TABLE } from '../../../plugins/facade/member-table.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import { projectFile } from '../../deploy/compose-file.ts'
import { fakeRuntimeHost } from '../../support/fake-runtime-host.ts'
import { memberPage } from './member-page.ts'

/** ElizaOS's contract, core 1.7: IAgentRuntime, IDatabaseAdapter, and what AgentRuntime adds. */
const CONTRACT = `
  agentId character initPromise messageService providers actions evaluators plugins services events fetch
  routes logger stateCache elizaOS
  registerPlugin initialize stop getConnection registerDatabaseAdapter
  getService getServicesByType getAllServices registerService getServiceLoadPromise
  getRegisteredServiceTypes hasService hasElizaOS
  getSetting setSetting getConversationLength
  processActions getActionResults evaluate composeState
  registerAction registerProvider registerEvaluator registerModel getModel registerEvent getEvent emitEvent
  registerTaskWorker getTaskWorker registerSendHandler
  ensureConnections ensureConnection ensureParticipantInRoom ensureWorldExists ensureRoomExists
  useModel generateText
  addEmbeddingToMemory queueEmbeddingGeneration getAllMemories clearAllAgentMemories updateMemory
  createRunId startRun endRun getCurrentRunId
  getEntityById createEntity getRoom createRoom getRooms addParticipant updateWorld sendMessageToTarget
  db init runPluginMigrations runMigrations isReady close withEntityContext
  getAgent getAgents createAgent updateAgent deleteAgent ensureEmbeddingDimension
  getEntitiesByIds getEntitiesForRoom createEntities updateEntity
  getComponent getComponents createComponent updateComponent deleteComponent
  getMemories getMemoryById getMemoriesByIds getMemoriesByRoomIds getMemoriesByWorldId getCachedEmbeddings
  searchMemories createMemory deleteMemory deleteManyMemories deleteAllMemories countMemories
  log getLogs deleteLog getAgentRunSummaries
  createWorld getWorld removeWorld getAllWorlds
  getRoomsByIds createRooms deleteRoom deleteRoomsByWorldId updateRoom getRoomsForParticipant
  getRoomsForParticipants getRoomsByWorld
  addParticipantsRoom removeParticipant getParticipantsForEntity getParticipantsForRoom isRoomParticipant
  getParticipantUserState setParticipantUserState
  createRelationship updateRelationship getRelationship getRelationships
  getCache setCache deleteCache
  createTask getTasks getTask getTasksByName updateTask deleteTask
  getTypedService getServiceRegistrationStatus getServiceHealth ensureAgentExists ensureEntity
  rerankMemories on off emit sendControlMessage adapter models
`
  .trim()
  .split(/\s+/)

const rows = MEMBER_TABLE.flatMap((group) => group.rows)
const named = (...states: readonly string[]) =>
  rows.filter(([, state]) => states.includes(state)).map(([name]) => name)

describe('the table of members', () => {
  it('has each member of the contract, once', () => {
    const names = rows.map(([name]) => name)
    expect(CONTRACT.filter((name) => !names.includes(name))).toEqual([])
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  it('has each member that the runtime has', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const names = rows.map(([name]) => name)
    expect(Object.keys(runtime).filter((name) => !names.includes(name))).toEqual([])
  })

  it('ends each sentence', () => {
    expect(rows.filter(([, , why]) => !/[.`)]$/.test(why))).toEqual([])
  })

  it('is what docs/plugin-members.md shows (`node test/plugins/facade/member-page.ts`)', () => {
    expect(projectFile('docs/plugin-members.md')).toBe(memberPage())
  })
})

describe('a runtime', () => {
  it.each(named('supported', 'differs').filter((name) => name !== 'db'))('has %s', (name) => {
    const runtime = createRuntime(fakeRuntimeHost())
    expect(runtime[name]).toBeDefined()
    expect(runtime[name]).not.toBeNull()
  })

  it('has no connection of the database to give', () => {
    expect(createRuntime(fakeRuntimeHost()).db).toBeUndefined()
  })

  it.each(named('refused'))('refuses %s by name', async (name) => {
    const runtime = createRuntime(fakeRuntimeHost())
    const member = runtime[name]
    const call = async () => (typeof member === 'function' ? member('an-id', {}) : undefined)
    await expect(call()).rejects.toThrow(`runtime.${name} is refused`)
    await expect(call()).rejects.toBeInstanceOf(PluginError)
  })

  it('has plain members: none is computed, hidden or frozen', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const odd = Object.entries(Object.getOwnPropertyDescriptors(runtime)).filter(
      ([, { get, set, writable, configurable, enumerable }]) =>
        get || set || !writable || !configurable || !enumerable,
    )
    expect(odd).toEqual([])
    expect(Object.isExtensible(runtime)).toBe(true)
  })
})
