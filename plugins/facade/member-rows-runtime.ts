import type { MemberGroup } from './member-table.ts'

/** What is no record: settings, services, state, models, events, messages, life cycle. */
export const RUNTIME_ROWS: readonly MemberGroup[] = [
  {
    group: 'Identity and settings',
    rows: [
      [
        'agentId',
        'supported',
        'The same id as in ElizaOS: of the character, else made of its name.',
      ],
      [
        'character',
        'supported',
        'The character as it is now; a new version replaces it as a whole.',
      ],
      [
        'getSetting',
        'supported',
        "Secrets, settings, `settings.secrets`, then the process's environment as far as it is allowed.",
      ],
      [
        'setSetting',
        'differs',
        'Kept in this process until it ends; the character is not changed.',
      ],
      ['getConversationLength', 'supported', '32, or the setting `CONVERSATION_LENGTH`.'],
      ['logger', 'supported', "The host's log, with agent, plugin and turn; long values are cut."],
      ['fetch', 'supported', '`globalThis.fetch` of the moment of the call.'],
    ],
  },
  {
    group: 'Services',
    rows: [
      ['services', 'supported', 'A Map that may be written to; it is read at each question.'],
      ['getService', 'supported', "The agent's first of that type, else the one all agents share."],
      ['getTypedService', 'supported', 'As `getService`.'],
      ['getServicesByType', 'supported', 'All of that type.'],
      ['getAllServices', 'supported', 'The Map itself.'],
      ['hasService', 'supported', 'Whether there is one, shared ones included.'],
      ['registerService', 'supported', 'The host starts it, within a time limit.'],
      ['getServiceLoadPromise', 'supported', 'Waits until one of that type stands in `services`.'],
      ['getRegisteredServiceTypes', 'supported', 'The keys of `services`.'],
      ['getServiceRegistrationStatus', 'supported', 'By what stands in `services`.'],
      ['getServiceHealth', 'supported', 'Status and instances by type.'],
    ],
  },
  {
    group: 'Registration',
    rows: [
      ['actions', 'differs', "A list of the plugins' actions; the built-in ones are not in it."],
      [
        'providers',
        'differs',
        "A list of the plugins' providers; the built-in ones are not in it.",
      ],
      [
        'evaluators',
        'differs',
        "A list of the plugins' evaluators; the built-in ones are not in it.",
      ],
      ['plugins', 'supported', 'The plugins that were loaded.'],
      ['routes', 'supported', 'The routes that were registered.'],
      [
        'registerAction',
        'supported',
        'The first of a name stays, and the second is named in the log.',
      ],
      ['registerProvider', 'supported', 'As `registerAction`.'],
      ['registerEvaluator', 'supported', 'As `registerAction`.'],
      ['registerTaskWorker', 'supported', 'The last of a name stays.'],
      ['getTaskWorker', 'supported', 'By the name of its tasks.'],
      ['taskWorkers', 'supported', 'A Map by name.'],
    ],
  },
  {
    group: 'State and actions',
    rows: [
      [
        'composeState',
        'differs',
        'A provider that throws or is late gives nothing and is named, instead of failing them all.',
      ],
      ['stateCache', 'differs', 'Holds the newest 300 states: ElizaOS never empties it.'],
      [
        'processActions',
        'differs',
        'Names count exactly, then by simile, never by a part; a throwing action is a failed result; no memories of type `action_result`.',
      ],
      ['getActionResults', 'supported', 'Of `processActions`, or of the turn of the message.'],
      ['evaluate', 'differs', 'An evaluator that throws is named, and the others run.'],
    ],
  },
  {
    group: 'Models',
    rows: [
      [
        'useModel',
        'differs',
        'Through the ledger: a completed call is not paid again when a step is repeated; text is returned when it is complete.',
      ],
      ['generateText', 'supported', 'With the character before the text, unless told otherwise.'],
      [
        'registerModel',
        'supported',
        'The highest priority first, then in the order of registration.',
      ],
      ['getModel', 'differs', 'A function that asks `useModel`, so that the ledger knows of it.'],
      ['models', 'supported', 'A Map by type of what was registered.'],
      ['ensureEmbeddingDimension', 'differs', 'Does nothing: vectors of any length are stored.'],
    ],
  },
  {
    group: 'Events',
    rows: [
      ['events', 'supported', 'Handlers by event; what stands here is run.'],
      ['registerEvent', 'supported', 'Adds a handler.'],
      ['getEvent', 'supported', 'The handlers of an event.'],
      ['emitEvent', 'differs', 'Waits for the handlers; one that throws does not reject it.'],
      ['on', 'supported', 'Listens to `emit` of this runtime.'],
      ['off', 'supported', 'Ends it.'],
      ['emit', 'differs', 'A listener that throws is named, and the others are told.'],
    ],
  },
  {
    group: 'Runs',
    rows: [
      ['createRunId', 'supported', 'A new id.'],
      [
        'startRun',
        'differs',
        "Within a turn the turn's id; elsewhere a run of the calling member alone.",
      ],
      ['endRun', 'differs', 'Ends a run that `startRun` began; a turn ends by itself.'],
      ['getCurrentRunId', 'supported', "Within a turn the turn's id, whatever runs beside it."],
    ],
  },
  {
    group: 'Messages',
    rows: [
      [
        'messageService',
        'differs',
        '`handleMessage` is a turn that is waited for; `processAttachments` leaves them to it.',
      ],
      ['elizaOS', 'differs', 'Reaches this agent; within `new ElizaOS()` it reaches all of them.'],
      ['hasElizaOS', 'supported', 'Whether `elizaOS` is there.'],
      ['registerSendHandler', 'supported', 'The last of a source stays.'],
      ['sendHandlers', 'supported', 'A Map by source.'],
      ['sendMessageToTarget', 'differs', 'A connector of ours first, then the send handler.'],
      ['sendControlMessage', 'supported', 'The event CONTROL_MESSAGE.'],
      [
        'processMessage',
        'differs',
        'Not in ElizaOS 1.7: `handleMessage` with names instead of ids.',
      ],
    ],
  },
  {
    group: 'Life cycle',
    rows: [
      ['initPromise', 'supported', 'Resolved when the plugins are initialised.'],
      ['registerPlugin', 'supported', 'The host initialises and isolates it.'],
      ['initialize', 'differs', 'Does nothing: the host has done it.'],
      ['stop', 'differs', 'Does nothing: the host stops agents.'],
      ['init', 'differs', 'Does nothing: the database is open.'],
      ['close', 'differs', 'Does nothing: the host closes the database.'],
      ['isReady', 'supported', 'True.'],
      ['runMigrations', 'differs', 'Does nothing: `turnkeeper migrate` does.'],
      ['runPluginMigrations', 'differs', 'Does nothing: the host migrates when it loads a plugin.'],
      [
        'withEntityContext',
        'differs',
        'Runs the work: rows are told apart by agent, not by entity.',
      ],
      [
        'db',
        'differs',
        "A drizzle database of the plugin's own drizzle-orm. What is written there commits at once, and is no part of the step; statements may take 10 s, transactions 5 s.",
      ],
      ['adapter', 'differs', 'The runtime itself, which has the members of the database.'],
      [
        'getConnection',
        'refused',
        'A connection of the database is not given to plugins: use `db`.',
      ],
      ['registerDatabaseAdapter', 'refused', 'The database is the one of the host.'],
    ],
  },
  {
    group: 'Agents',
    rows: [
      ['getAgent', 'differs', 'Its own, without secrets; another one is refused by name.'],
      ['getAgents', 'differs', 'Its own alone.'],
      ['ensureAgentExists', 'differs', 'Its own; another one is refused by name.'],
      ['createAgent', 'refused', 'An agent does not make others: the API does.'],
      ['updateAgent', 'refused', 'The owner changes agents, by the API.'],
      ['deleteAgent', 'refused', 'The owner deletes agents, by the API.'],
      ['getAgentRunSummaries', 'refused', 'Runs are turns here, and the API shows them.'],
    ],
  },
]
