import pino from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Json } from '../schema/json.ts'
import { describeErrors, describeFields } from './describe-error.ts'
import { createRedactor, type Redactor } from './redact.ts'

export type Logger = pino.Logger

export interface LogSink {
  write(text: string): void
}

export interface LoggerOptions {
  /** pino's names, and `silent`. */
  readonly level: string
  /** For people at a terminal; otherwise one JSON object per line. */
  readonly pretty: boolean
  /** Whether the text of messages may appear: fields called `content` are left out otherwise. */
  readonly logContent: boolean
  /** Values that never appear. More can be added when they become known. */
  readonly secrets: readonly string[]
  /** @default stderr, since stdout belongs to the chat and to the output of commands */
  readonly sink?: LogSink
}

export interface RootLogger extends Logger {
  /** Hides these values from now on, in this logger and all its children. */
  addSecrets(secrets: readonly string[]): void
  /** A text without secrets, as a line would have it. */
  redact(text: string): string
}

/**
 * Logs in this thread and synchronously, so that the last lines before an exit are not lost.
 * Everything is redacted in one place, the finished line: message, fields, bindings and stacks.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const redactor = createRedactor(options.secrets, options.logContent ? [] : ['content'])
  const sink = options.sink ?? pino.destination({ dest: 2, sync: true })
  const format = options.pretty ? prettyLines() : jsonLines
  const logger = pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: describeFields,
      },
      // Otherwise pino describes `err` itself, with all its fields.
      serializers: { err: describeErrors },
    },
    { write: (line) => sink.write(format(redactLine(redactor, line))) },
  )
  return Object.assign(logger, {
    addSecrets: redactor.add,
    redact: redactor.text,
    child: describingChild(logger),
  })
}

/** pino's formatters do not see the bindings of children. A child inherits this from its parent. */
function describingChild(logger: Logger) {
  const child: (
    this: Logger,
    bindings: pino.Bindings,
    options?: pino.ChildLoggerOptions,
  ) => Logger = logger.child
  return function (this: Logger, bindings: pino.Bindings, options?: pino.ChildLoggerOptions) {
    return child.call(this, describeFields(bindings), options)
  }
}

export interface TurnIds {
  readonly turnId: string
  readonly roomId: string
  readonly agentId: string
}

/** Every line of a turn names it, its room and its agent. */
export function turnLogger(logger: Logger, { turnId, roomId, agentId }: TurnIds): Logger {
  return logger.child({ turnId, roomId, agentId })
}

/** Parsed first: in escaped text, a key behind a line break begins with the `n` of `\n`. */
function redactLine(redactor: Redactor, line: string): Json {
  try {
    return redactor.json(JSON.parse(line)) ?? null
  } catch {
    return { level: 'error', msg: redactor.text(line) }
  }
}

const jsonLines = (line: Json): string => `${JSON.stringify(line)}\n`

function prettyLines(): (line: Json) => string {
  const pretty = prettyFactory({ ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' })
  return (line) => pretty(line)
}
