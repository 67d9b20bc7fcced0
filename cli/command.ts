import type { Readable, Writable } from 'node:stream'
import type { Config, LoadedConfig } from '../schema/config.ts'

/** What a script can tell from `$?`. Part of our contract: numbers keep their meaning. */
export const EXIT = {
  ok: 0,
  /** It was tried and failed. */
  failed: 1,
  /** The command line or the configuration cannot be used; nothing was tried. */
  usage: 2,
  /** The API, Postgres or Temporal does not answer. */
  unreachable: 3,
  /** The turn, agent or file that was named does not exist. */
  notFound: 4,
  /** `turn replay`: today's code would have gone another way. */
  notDeterministic: 5,
} as const

/** A terminal in, when it is one: keys can then be read one by one. */
export interface TerminalInput extends Readable {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
}

/** A terminal out, when it is one. Sizes in cells; absent when unknown. */
export interface TerminalOutput extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface CommandIo {
  readonly stdin: TerminalInput
  readonly stdout: TerminalOutput
  readonly stderr: TerminalOutput
  /** A person sits there: both stdin and stdout are a terminal. */
  readonly isTerminal: boolean
  /** `NO_COLOR` is unset and stdout can show colours. */
  readonly hasColor: boolean
}

/** What every module under `bin/commands/` gets. */
export interface CommandInput {
  readonly config: Config
  readonly loaded: LoadedConfig
  readonly values: CommandValues
  /** What stands behind the command without dashes. */
  readonly positionals: readonly string[]
  readonly io: CommandIo
}

/** Flags as typed; those that shadow the configuration are in `config` too. */
export interface CommandValues {
  /** Files, in order. Empty: the `characters/` folder. */
  readonly character: readonly string[]
  /** False after `--no-chat`. @default true */
  readonly chat: boolean
  readonly json: boolean
  readonly prompt: boolean
  /** @default false */
  readonly all?: boolean
  /** @default false */
  readonly keep?: boolean
  /** Agent to talk to, by name or id; of a list, its id. */
  readonly agent?: string
  /** Of a fork. */
  readonly model?: string
  readonly from?: string
  /** @default false */
  readonly force?: boolean
  /** As typed. */
  readonly ramp?: string
  readonly state?: string
  readonly before?: string
  readonly text?: string
  /** What spending is grouped by, and its days, as typed. */
  readonly by?: string
  readonly days?: string
  readonly comment?: string
  /** @default false */
  readonly yes?: boolean
  /** Of packages that are installed. @default false */
  readonly allowScripts?: boolean
  /** Seconds, as typed. */
  readonly timeout?: string
}

/** What a module under `bin/commands/` exports. */
export interface CommandModule {
  /** Resolves with the exit code when the command has ended. */
  run(input: CommandInput): Promise<number>
}
