import { wordInUsage } from './arguments.ts'
import { EXIT } from './command.ts'
import { COMMANDS, type CommandName, commandSpec, flagSpec } from './command-specs.ts'

const EXIT_MEANING = {
  ok: 'it worked',
  failed: 'it failed; the reason is on stderr',
  usage: 'the command line or the configuration cannot be used',
  unreachable: 'the API, Postgres or Temporal does not answer',
  notFound: 'what was named does not exist',
  notDeterministic: "today's code does not replay the history",
} as const

type Rows = readonly (readonly [string, string])[]

export function overview(): string {
  const names = Object.keys(COMMANDS) as CommandName[] // the keys of a const
  return [
    'Turnkeeper runs AI agents whose every message turn is a durable Temporal workflow.',
    '',
    'Usage: turnkeeper <command> [flags]',
    '',
    'Commands:',
    ...table(names.map((name) => [usageWords(name), commandSpec(name).summary])),
    ...section('Flags', [
      ['--help, -h', 'Show help, also for one command.'],
      ['--version, -v', 'Show the version.'],
    ]),
    ...exitCodes(['ok', 'failed', 'usage', 'unreachable', 'notFound', 'notDeterministic']),
    '',
    "Settings come from flags, the environment, .env and defaults, in this order: 'turnkeeper config'.",
    '',
  ].join('\n')
}

export function commandHelp(name: CommandName): string {
  const { summary, details, flags, examples, exits } = commandSpec(name)
  return [
    summary,
    details,
    '',
    `Usage: turnkeeper ${usageWords(name)}${flags.length > 0 ? ' [flags]' : ''}`,
    ...section('Flags', flagRows(name)),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    ...exitCodes(['ok', 'failed', 'usage', ...exits]),
    '',
  ].join('\n')
}

const usageWords = (name: CommandName) =>
  [name, ...commandSpec(name).positionals.map(wordInUsage)].join(' ')

function flagRows(name: CommandName): Rows {
  return [...commandSpec(name).flags, 'help' as const].map((flag) => {
    const { placeholder = '', description, isNegative } = flagSpec(flag)
    return [`--${isNegative ? 'no-' : ''}${flag} ${placeholder}`.trim(), description]
  })
}

const exitCodes = (names: readonly (keyof typeof EXIT)[]) =>
  section(
    'Exit codes',
    names.map((name) => [String(EXIT[name]), EXIT_MEANING[name]]),
  )

const section = (title: string, rows: Rows) => ['', `${title}:`, ...table(rows)]

function table(rows: Rows): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
