import { RECORD_ROWS } from './member-rows-records.ts'
import { RUNTIME_ROWS } from './member-rows-runtime.ts'

/** `differs`: it does its work, but not everything as ElizaOS does; `refused`: it throws, and says why. */
export type MemberState = 'supported' | 'differs' | 'refused'

/** Name, how far it is there, and one sentence: what it does, what differs, or why it is refused. */
export type MemberRow = readonly [name: string, state: MemberState, why: string]

export interface MemberGroup {
  readonly group: string
  readonly rows: readonly MemberRow[]
}

/** Every member of ElizaOS's runtime (core 1.7): docs/plugin-members.md is made of it. */
export const MEMBER_TABLE: readonly MemberGroup[] = [...RUNTIME_ROWS, ...RECORD_ROWS]
