/** Members of the runtime whose arguments and answers can be said in JSON. */
const ASKED: readonly string[] = [
  ...['useModel', 'generateText', 'composeState', 'emitEvent', 'log', 'getLogs', 'deleteLog'],
  ...['getMemories', 'getMemoryById', 'getMemoriesByIds', 'getMemoriesByRoomIds', 'searchMemories'],
  ...['getMemoriesByWorldId', 'createMemory', 'updateMemory', 'deleteMemory', 'countMemories'],
  ...['deleteManyMemories', 'addEmbeddingToMemory', 'queueEmbeddingGeneration', 'getAllMemories'],
  ...['getEntityById', 'getEntitiesByIds', 'getEntitiesForRoom', 'createEntity', 'createEntities'],
  ...['updateEntity', 'getComponent', 'getComponents', 'createComponent', 'updateComponent'],
  ...['deleteComponent', 'getRoom', 'getRooms', 'getRoomsByIds', 'getRoomsByWorld', 'createRoom'],
  ...['createRooms', 'updateRoom', 'getRoomsForParticipant', 'getRoomsForParticipants'],
  ...['addParticipant', 'addParticipantsRoom', 'removeParticipant', 'getParticipantsForEntity'],
  ...['getParticipantsForRoom', 'isRoomParticipant', 'getParticipantUserState'],
  ...['setParticipantUserState', 'getWorld', 'getAllWorlds', 'createWorld', 'updateWorld'],
  ...['getRelationship', 'getRelationships', 'createRelationship', 'updateRelationship'],
  ...['getCache', 'setCache', 'deleteCache', 'getTask', 'getTasks', 'getTasksByName', 'createTask'],
  ...['updateTask', 'deleteTask', 'ensureConnection', 'ensureConnections', 'ensureRoomExists'],
  ...['ensureWorldExists', 'ensureParticipantInRoom', 'sendMessageToTarget', 'getActionResults'],
]

export const askedMembers = (): readonly string[] => ASKED
