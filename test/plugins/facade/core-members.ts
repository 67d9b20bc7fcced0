/** Of `@elizaos/core`, from whose types the lists below were read; `members.compat.ts` reads them again. */
export const CORE_VERSION = '1.7.2'

/** What IAgentRuntime, IDatabaseAdapter and the public part of AgentRuntime declare to be called. */
export const CORE_METHODS: readonly string[] = `
  addEmbeddingToMemory addParticipant addParticipantsRoom clearAllAgentMemories close
  composeState countMemories createAgent createComponent createEntities createEntity createMemory
  createRelationship createRoom createRooms createRunId createTask createWorld deleteAgent
  deleteAllMemories deleteCache deleteComponent deleteLog deleteManyMemories deleteMemory
  deleteRoom deleteRoomsByWorldId deleteTask emit emitEvent endRun ensureAgentExists
  ensureConnection ensureConnections ensureEmbeddingDimension ensureEntity
  ensureParticipantInRoom ensureRoomExists ensureWorldExists evaluate generateText
  getActionResults getAgent getAgentRunSummaries getAgents getAllMemories getAllServices
  getAllWorlds getCache getCachedEmbeddings getComponent getComponents getConnection
  getConversationLength getCurrentRunId getEntitiesByIds getEntitiesForRoom getEntityById
  getEvent getLogs getMemories getMemoriesByIds getMemoriesByRoomIds getMemoriesByWorldId
  getMemoryById getModel getParticipantUserState getParticipantsForEntity getParticipantsForRoom
  getRegisteredServiceTypes getRelationship getRelationships getRoom getRooms getRoomsByIds
  getRoomsByWorld getRoomsForParticipant getRoomsForParticipants getService getServiceHealth
  getServiceLoadPromise getServiceRegistrationStatus getServicesByType getSetting getTask
  getTaskWorker getTasks getTasksByName getTypedService getWorld hasElizaOS hasService init
  initialize isReady isRoomParticipant log off on processActions queueEmbeddingGeneration
  registerAction registerDatabaseAdapter registerEvaluator registerEvent registerModel
  registerPlugin registerProvider registerSendHandler registerService registerTaskWorker
  removeParticipant removeWorld rerankMemories runMigrations runPluginMigrations searchMemories
  sendControlMessage sendMessageToTarget setCache setParticipantUserState setSetting startRun
  stop updateAgent updateComponent updateEntity updateMemory updateRelationship updateRoom
  updateTask updateWorld useModel withEntityContext
`
  .trim()
  .split(/\s+/)

/** What they declare besides: lists, maps, ids. */
export const CORE_VALUES: readonly string[] = `
  actions adapter agentId character db elizaOS evaluators events fetch initPromise logger
  messageService models plugins providers routes services stateCache
`
  .trim()
  .split(/\s+/)
