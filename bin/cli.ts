import { existsSync, readFileSync } from 'node:fs'
import { NotFoundError, UnavailableError } from '../agent/errors.ts'
import { ApiRefusedError, ApiUnreachableError } from '../cli/api-client.ts'
import { parseArguments, UsageError } from '../cli/arguments.ts'
import { NoAgentError } from '../cli/chat-session.ts'
import { type CommandInput, type CommandIo, type CommandModule, EXIT } from '../cli/command.ts'
import { type CommandName, commandSpec } from '../cli/command-specs.ts'
import { commandHelp, overview } from '../cli/help.ts'
import { isUnavailable } from '../database/failures.ts'
import type { LoadedConfig } from '../schema/config.ts'
import { ConfigError, loadConfig } from '../schema/load-config.ts'
import { version } from './version.ts'

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: CommandIo['stdin']
  readonly stdout: CommandIo['stdout']
  readonly stderr: CommandIo['stderr']
}

const deadLetter = () => import('./commands/dead-letter.ts')
const task = () => import('./commands/task.ts')

/** Imported when needed, so that `--help` does not wait for Temporal's native code. */
const commands: Record<CommandName, () => Promise<CommandModule>> = {
  dev: () => import('./commands/dev.ts'),
  api: () => import('./commands/api.ts'),
  worker: () => import('./commands/worker.ts'),
  migrate: () => import('./commands/migrate.ts'),
  chat: () => import('./commands/chat.ts'),
  config: () => import('./commands/config.ts'),
  doctor: () => import('./commands/doctor.ts'),
  models: () => import('./commands/models.ts'),
  'dead-letter list': async () => ({ run: (await deadLetter()).listDeadLetters }),
  'dead-letter show': async () => ({ run: (await deadLetter()).showDeadLetter }),
  'dead-letter retry': async () => ({ run: (await deadLetter()).retryDeadLetter }),
  'dead-letter skip': async () => ({ run: (await deadLetter()).skipDeadLetter }),
  spending: () => import('./commands/spending.ts'),
  'task list': async () => ({ run: (await task()).listTasks }),
  'task show': async () => ({ run: (await task()).showTask }),
  'task run': async () => ({ run: (await task()).runTask }),
  'task cancel': async () => ({ run: (await task()).cancelTask }),
  test: () => import('./commands/test.ts'),
  'plugin add': async () => ({ run: (await import('./commands/plugin.ts')).addPlugin }),
  'plugin list': async () => ({ run: (await import('./commands/plugin.ts')).listPlugins }),
  'plugin remove': async () => ({ run: (await import('./commands/plugin.ts')).removePlugin }),
  'create plugin': async () => ({ run: (await import('./commands/create.ts')).createPlugin }),
  'approval list': async () => ({ run: (await import('./commands/approval.ts')).listApprovals }),
  'approval show': async () => ({ run: (await import('./commands/approval.ts')).showApproval }),
  'approval approve': async () => ({ run: (await import('./commands/approval.ts')).approve }),
  'approval deny': async () => ({ run: (await import('./commands/approval.ts')).deny }),
  'turn show': async () => ({ run: (await import('./commands/turn.ts')).showTurn }),
  'turn cancel': async () => ({ run: (await import('./commands/turn.ts')).cancelTurn }),
  'turn fork': async () => ({ run: (await import('./commands/turn-fork.ts')).forkTurn }),
  'turn diff': async () => ({ run: (await import('./commands/turn-fork.ts')).diffTurn }),
  'turn replay': async () => ({ run: (await import('./commands/turn.ts')).replayTurn }),
  'deployment show': async () => ({
    run: (await import('./commands/deployment.ts')).showDeployment,
  }),
  'deployment promote': async () => ({
    run: (await import('./commands/deployment.ts')).promoteBuild,
  }),
}

/** Runs one command line and resolves with its exit code; every error has then been told on stderr. */
export async function main(argv: readonly string[], host: Host = process): Promise<number> {
  try {
    const asked = parseArguments(argv)
    if (asked.kind === 'version') return print(host, `${version()}\n`)
    if (asked.kind === 'help')
      return print(host, asked.command ? commandHelp(asked.command) : overview())
    const { serves } = commandSpec(asked.command)
    const loaded = loadConfig({ env: host.env, dotenv: readDotenv(), flags: asked.flags, serves })
    if (serves) warn(host, loaded)
    const { config } = loaded
    const { values, positionals } = asked
    const { run } = await commands[asked.command]()
    return await run({ config, loaded, values, positionals, io: ioOf(host) } satisfies CommandInput)
  } catch (error) {
    host.stderr.write(`turnkeeper: ${messageOf(error, host.env.LOG_LEVEL === 'debug')}\n`)
    return exitCodeOf(error)
  }
}

function print({ stdout }: Host, text: string): number {
  stdout.write(text)
  return EXIT.ok
}

function warn({ stderr }: Host, { warnings }: LoadedConfig): void {
  for (const warning of warnings) stderr.write(`turnkeeper: ${warning}\n`)
}

function ioOf({ stdin, stdout, stderr, env }: Host): CommandIo {
  const isTerminal = Boolean(stdin.isTTY && stdout.isTTY)
  const hasColor = Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb'
  return { stdin, stdout, stderr, isTerminal, hasColor }
}

function readDotenv(): string | undefined {
  if (!existsSync('.env')) return undefined
  try {
    return readFileSync('.env', 'utf8')
  } catch (error) {
    throw new ConfigError([
      `The file .env cannot be read: ${String(error)}. Fix it or move it away.`,
    ])
  }
}

/** Names of errors that the language throws: their messages were not written for whoever reads them here. */
const UNFORESEEN = ['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'ZodError']

/** What a person needs to read: a foreseen error speaks for itself, an unforeseen one may show its stack. */
function messageOf(error: unknown, isDebug: boolean): string {
  if (!(error instanceof Error)) return String(error)
  if (isDebug) return error.stack ?? error.message
  if (!UNFORESEEN.includes(error.name)) return error.message
  return `${error.message || error.name}\nThis was not foreseen. LOG_LEVEL=debug shows where it happened.`
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof ConfigError) return EXIT.usage
  if (isUnreachable(error)) return EXIT.unreachable
  if (error instanceof NotFoundError || error instanceof NoAgentError) return EXIT.notFound
  if (error instanceof ApiRefusedError && error.status === 404) return EXIT.notFound
  return EXIT.failed
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof ApiUnreachableError || error instanceof UnavailableError) return true
  // Temporal's own error, by its name: importing its class would load native code for `--help`.
  if (error instanceof Error && error.name === 'TransportError') return true
  return isUnavailable(error)
}
