import { parseArgs } from 'node:util'
import type { CommandValues } from './command.ts'
import {
  COMMANDS,
  type CommandName,
  commandSpec,
  FLAGS,
  type FlagName,
  flagSpec,
} from './command-specs.ts'
import { suggestion } from './suggestion.ts'

export type Arguments =
  | { readonly kind: 'help'; readonly command?: CommandName }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run'
      readonly command: CommandName
      readonly values: CommandValues
      /** Flags with a value, by name, for `loadConfig`. */
      readonly flags: Readonly<Record<string, string>>
      readonly positionals: readonly string[]
    }

/** The command line cannot be understood. The message says what was meant, as far as one can guess. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

interface Given {
  readonly name: FlagName
  readonly raw: string
  readonly value: string | undefined
}

interface Split {
  readonly words: readonly string[]
  readonly given: readonly Given[]
}

/** @throws {UsageError} */
export function parseArguments(argv: readonly string[]): Arguments {
  const { words, given } = split(argv)
  const isGiven = (name: FlagName) => given.some((flag) => flag.name === name)
  if (isGiven('version')) return { kind: 'version' }
  const asksHelp = words[0] === 'help' || isGiven('help')
  const rest = words[0] === 'help' ? words.slice(1) : words
  if (rest.length === 0 && asksHelp) return { kind: 'help' }
  if (rest.length === 0) throw new UsageError(`No command was given. ${LIST_COMMANDS}`)
  if (asksHelp && rest.length === 1 && isGroup(rest[0])) return { kind: 'help' }
  const { command, positionals } = commandOf(rest)
  if (asksHelp) return { kind: 'help', command }
  checkFlags(command, given)
  checkPositionals(command, positionals)
  return { kind: 'run', command, positionals, values: valuesOf(given), flags: textFlags(given) }
}

const LIST_COMMANDS = `The commands are ${Object.keys(COMMANDS).join(', ')}; 'turnkeeper help' tells more.`

/** Words and flags. Words behind a flag that takes several belong to it. */
function split(argv: readonly string[]): Split {
  const words: string[] = []
  const given: Given[] = []
  let collecting: FlagName | undefined
  for (const token of tokensOf(argv)) {
    if (token.kind === 'option-terminator') collecting = undefined
    else if (token.kind === 'positional' && collecting) {
      given.push({ name: collecting, raw: `--${collecting}`, value: token.value })
    } else if (token.kind === 'positional') words.push(token.value)
    else {
      const flag = flagOf(token)
      given.push(flag)
      collecting = flagSpec(flag.name).takesSeveral ? flag.name : undefined
    }
  }
  return { words, given }
}

function tokensOf(argv: readonly string[]) {
  const short: Partial<Record<string, string>> = { help: 'h', version: 'v' }
  const options = Object.fromEntries(
    Object.entries(FLAGS).map(([name, { type }]) => [
      name,
      short[name] ? { type, short: short[name] } : { type },
    ]),
  )
  const settings = { allowNegative: true, allowPositionals: true, strict: false, tokens: true }
  return parseArgs({ ...settings, args: [...argv], options, tokens: true }).tokens
}

function flagOf(token: {
  name: string
  rawName: string
  value?: string
  inlineValue?: boolean
}): Given {
  const { name, rawName: raw, value, inlineValue } = token
  if (!isFlag(name)) {
    const known = Object.keys(FLAGS).map(
      (flag) => `--${flagSpec(flag as FlagName).isNegative ? 'no-' : ''}${flag}`,
    )
    throw new UsageError(`There is no flag '${raw}'.${suggestion(raw, known)}`)
  }
  const { type, isNegative } = flagSpec(name)
  if (raw.startsWith('--no-') && !isNegative)
    throw new UsageError(`There is no flag '${raw}'; --${name} is off unless given.`)
  if (type === 'boolean' && value !== undefined) {
    throw new UsageError(`${raw} takes no value, but got '${value}'.`)
  }
  const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('--'))
  if (type === 'string' && isMissing)
    throw new UsageError(`${raw} needs a value: ${raw} ${flagSpec(name).placeholder}.`)
  return { name, raw, value }
}

const isFlag = (name: string): name is FlagName => Object.hasOwn(FLAGS, name)
/** The first of two words: `turn`. */
const isGroup = (word = ''): boolean =>
  Object.keys(COMMANDS).some((name) => name.startsWith(`${word} `))
const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** The longest command that the words begin with: `turn show`, then `turn`. */
function commandOf(words: readonly string[]): {
  command: CommandName
  positionals: readonly string[]
} {
  const [first = '', second = ''] = words
  const two = `${first} ${second}`
  if (isCommand(two)) return { command: two, positionals: words.slice(2) }
  if (isCommand(first)) return { command: first, positionals: words.slice(1) }
  const all = Object.keys(COMMANDS)
  const typed = isGroup(first) ? two.trim() : first
  const guess = suggestion(typed, all)
  throw new UsageError(`There is no command '${typed}'.${guess || ` ${LIST_COMMANDS}`}`)
}

function checkFlags(command: CommandName, given: readonly Given[]): void {
  const { flags } = commandSpec(command)
  const foreign = given.find(({ name }) => !flags.includes(name))
  if (!foreign) return
  const owners = Object.keys(COMMANDS)
    .filter(isCommand)
    .filter((name) => commandSpec(name).flags.includes(foreign.name))
  throw new UsageError(
    `${foreign.raw} does not belong to 'turnkeeper ${command}' but to ${owners.join(', ')}. ` +
      `See 'turnkeeper ${command} --help'.`,
  )
}

function checkPositionals(command: CommandName, positionals: readonly string[]): void {
  const wanted = commandSpec(command).positionals
  const missing = wanted[positionals.length]
  const surplus = positionals[wanted.length]
  const usage = ['turnkeeper', command, ...wanted.map(wordInUsage)].join(' ')
  if (missing && !missing.endsWith('?')) throw new UsageError(`<${missing}> is missing: ${usage}.`)
  if (surplus) throw new UsageError(`'${surplus}' is one word too many: ${usage}.`)
}

/** `<id>`, and `[path]` for a word that may be left out. */
export const wordInUsage = (name: string): string =>
  name.endsWith('?') ? `[${name.slice(0, -1)}]` : `<${name}>`

function valuesOf(given: readonly Given[]): CommandValues {
  const isGiven = (name: FlagName) => given.some((flag) => flag.name === name)
  const texts = (name: FlagName) =>
    given.flatMap((flag) => (flag.name === name && flag.value ? [flag.value] : []))
  const chat = given.findLast(({ name }) => name === 'chat')
  return {
    character: texts('character'),
    chat: !chat?.raw.startsWith('--no-'),
    json: isGiven('json'),
    all: isGiven('all'),
    keep: isGiven('keep'),
    comment: texts('comment').at(-1),
    prompt: isGiven('prompt'),
    agent: texts('agent').at(-1),
    model: texts('model').at(-1),
    from: texts('from').at(-1),
    force: isGiven('force'),
    ramp: texts('ramp').at(-1),
    state: texts('state').at(-1),
    before: texts('before').at(-1),
    text: texts('text').at(-1),
    by: texts('by').at(-1),
    days: texts('days').at(-1),
    yes: isGiven('yes'),
    allowScripts: isGiven('allow-scripts'),
    timeout: texts('timeout').at(-1),
  }
}

function textFlags(given: readonly Given[]): Record<string, string> {
  return Object.fromEntries(given.flatMap(({ name, value }) => (value ? [[name, value]] : [])))
}
