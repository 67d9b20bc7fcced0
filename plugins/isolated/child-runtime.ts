import type { OpenOrder } from './wire.ts'

export interface ChildPorts {
  ask(member: string, of: readonly unknown[]): Promise<unknown>
  log(level: string, text: string): void
}

/** Members that would have to hand functions or sockets over. */
const UNSUPPORTED = [
  ...['registerPlugin', 'registerAction', 'registerProvider', 'registerEvaluator', 'registerModel'],
  ...['registerService', 'registerEvent', 'registerTaskWorker', 'registerSendHandler'],
  ...['registerDatabaseAdapter', 'getConnection', 'setSetting', 'processActions', 'evaluate'],
] as const

/** ElizaOS's runtime as a plugin in a process of its own sees it: copies, and questions to the parent. */
export function childRuntime(
  { agentId, character, settings, asked }: OpenOrder,
  { ask, log }: ChildPorts,
): Record<string, unknown> {
  const questions = asked.map((member) => [member, questionOf(member, ask)] as const)
  const refusals = UNSUPPORTED.map((member) => [member, refusalOf(member)] as const)
  return {
    ...Object.fromEntries([...refusals, ...questions]),
    ...{ agentId, character, settings },
    ...{ actions: [], providers: [], evaluators: [], plugins: [], routes: [], events: {} },
    ...{ services: new Map(), models: new Map(), stateCache: new Map(), messageService: null },
    getSetting: (name: string) => (Object.hasOwn(settings, name) ? settings[name] : null),
    getConversationLength: () => Number(settings.CONVERSATION_LENGTH) || 32,
    ...{ getService: () => null, getServicesByType: () => [], hasService: () => false },
    ...{ getAllServices: () => new Map(), getRegisteredServiceTypes: () => [] },
    ...{ getModel: () => undefined, getEvent: () => undefined, getTaskWorker: () => undefined },
    hasElizaOS: () => false,
    db: refusedObject('db'),
    logger: loggerOf(log),
  }
}

const questionOf =
  (member: string, ask: ChildPorts['ask']) =>
  async (...of: readonly unknown[]) => {
    const answer = await ask(member, of)
    // It is said to change the memory that it is given.
    if (member === 'addEmbeddingToMemory') return Object.assign(of[0] ?? {}, answer)
    return answer
  }

const refusalOf = (member: string) => () => {
  throw new Error(
    `'runtime.${member}' does not work for a plugin in a process of its own: see docs/plugin-permissions.md.`,
  )
}

/** Not `lazyObject`: a child may read the files of this folder only. */
const refusedObject = (member: string): object =>
  new Proxy(
    {},
    {
      get(target, name) {
        const isAskedOfAll = typeof name === 'symbol' || ['then', 'toJSON'].includes(name)
        return isAskedOfAll ? Reflect.get(target, name) : refusalOf(member)()
      },
    },
  )

const LEVELS = ['trace', 'debug', 'info', 'log', 'success', 'warn', 'error', 'fatal'] as const
const MAX_LOG = 2_000

function loggerOf(log: ChildPorts['log']) {
  const say =
    (level: string) =>
    (...of: readonly unknown[]) =>
      log(
        level,
        of
          .map((each) => wordOf(each))
          .join(' ')
          .slice(0, MAX_LOG),
      )
  const logger: Record<string, unknown> = Object.fromEntries(
    LEVELS.map((level) => [level, say(level)]),
  )
  return Object.assign(logger, { child: () => logger })
}

function wordOf(value: unknown): string {
  if (value instanceof Error) return value.message
  if (typeof value !== 'object') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return '[object]'
  }
}
