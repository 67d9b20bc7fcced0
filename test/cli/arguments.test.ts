import { describe, expect, it } from '@jest/globals'
import { parseArguments, UsageError } from '../../cli/arguments.ts'
import { COMMANDS, type CommandName, commandSpec } from '../../cli/command-specs.ts'
import { commandHelp, overview } from '../../cli/help.ts'
import { FORK_STEPS } from '../../schema/fork.ts'

const parse = (line: string) => parseArguments(line.split(' ').filter((word) => word !== ''))
const complaint = (line: string): string => {
  try {
    parse(line)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return ''
}
const commandNames = Object.keys(COMMANDS) as CommandName[] // the keys of a const

describe('a command line', () => {
  it('means a command, flags that shadow settings, and words', () => {
    expect(parse('turn show 42 --json --port 4000 --api-key=k')).toMatchObject({
      kind: 'run',
      command: 'turn show',
      positionals: ['42'],
      values: { json: true, prompt: false },
      flags: { port: '4000', 'api-key': 'k' },
    })
  })

  it.each([
    'dev --character a.json b.json --port 1',
    'dev --character a.json --character b.json --port 1',
    '--port 1 dev --character a.json b.json',
  ])('may name several characters: %s', (line) => {
    expect(parse(line)).toMatchObject({
      command: 'dev',
      values: { character: ['a.json', 'b.json'] },
      flags: { port: '1' },
      positionals: [],
    })
  })

  it('opens a chat unless it is told not to', () => {
    expect(parse('dev')).toMatchObject({ values: { chat: true } })
    expect(parse('dev --no-chat')).toMatchObject({ values: { chat: false } })
  })

  it.each([
    ['doctr', "There is no command 'doctr'. Did you mean 'doctor'?"],
    ['wroker', "Did you mean 'worker'?"],
    ['turn shwo 1', "There is no command 'turn shwo'. Did you mean 'turn show'?"],
    ['turn', 'There is no command'],
    ['xyzzy', 'The commands are dev, api,'],
    ['', 'No command was given.'],
    ['dev --prot 1', "There is no flag '--prot'. Did you mean '--port'?"],
    ['dev --no-chta', "Did you mean '--no-chat'?"],
    ['dev --port', '--port needs a value: --port <number>.'],
    ['dev --port --no-chat', '--port needs a value'],
    ['config --json=yes', "--json takes no value, but got 'yes'."],
    ['config --no-json', "There is no flag '--no-json'"],
    ['dev --prompt', "--prompt does not belong to 'turnkeeper dev' but to turn show."],
    ['turn show', '<id> is missing: turnkeeper turn show <id>.'],
    ['turn show 1 2', "'2' is one word too many"],
    ['dev extra', "'extra' is one word too many"],
  ])('that reads "%s" is answered: %s', (line, answer) => {
    expect(complaint(line)).toContain(answer)
  })

  it.each(['--help', '-h', 'help', 'turn --help'])('asks for the overview: %s', (line) => {
    expect(parse(line)).toEqual({ kind: 'help' })
  })

  it.each(['dev --help', 'help dev', 'dev -h --port 1'])('asks for help about one: %s', (line) => {
    expect(parse(line)).toEqual({ kind: 'help', command: 'dev' })
  })

  it.each(['--version', '-v', 'dev --version'])('asks for the version: %s', (line) => {
    expect(parse(line)).toEqual({ kind: 'version' })
  })
})

describe('the help', () => {
  it('names every command and exit code', () => {
    const text = overview()
    for (const name of commandNames) expect(text).toContain(name)
    for (const code of [0, 1, 2, 3, 4, 5]) expect(text).toMatch(new RegExp(`^ {2}${code} {2}`, 'm'))
  })

  it('of turn fork names every step that a fork may begin with', () => {
    const text = commandHelp('turn fork')
    for (const step of FORK_STEPS.replace(/ \(.*?\)/, '').split(', ')) {
      expect(text).toContain(step === 'composeState' ? 'compose' : step)
    }
  })

  it.each(commandNames)('of %s has its flags and examples that parse', (name) => {
    const text = commandHelp(name)
    for (const flag of commandSpec(name).flags)
      expect(text).toMatch(new RegExp(`--(no-)?${flag}\\b`))
    for (const example of commandSpec(name).examples) {
      expect(text).toContain(example)
      const line = example.slice(example.indexOf('turnkeeper ') + 'turnkeeper '.length)
      expect(parse(line)).toMatchObject({ kind: 'run', command: name })
    }
  })
})
