import { AsyncLocalStorage } from 'node:async_hooks'
import type { TurnContext, WorkContext } from '../agent/context.ts'
import type { RecordWrite } from '../agent/records.ts'
import type { ElizaCallback } from './contract.ts'

/** What a member of a plugin is doing now. It is carried into its timers and into its lost promises. */
export interface MemberScope {
  readonly agentId: string
  readonly plugin: string
  /** `action GREET`, `provider WEATHER`, `service knowledge`, `route /upload`: for errors and logs. */
  readonly member: string
  /** Absent outside of turns: init, services, routes, tasks. */
  readonly turn?: TurnScope
  /**
   * `ended`: it returned, or its time was up. What it still does is late: see docs/plugins.md, "After
   * the turn".
   */
  state: 'open' | 'ended'
}

/** The step in which it runs. */
export interface TurnScope {
  readonly context: TurnContext | WorkContext
  /** Journal key of the step. */
  readonly step: string
  /** ElizaOS's responseId and the turn's id as its runId come from here. */
  readonly runId: string
  /** Answers of the database, kept for the rest of the step, by what was asked. */
  readonly reads: Map<string, Promise<unknown>>
  /** What the step's members wrote so far, so that they read it back. The same list as the step commits. */
  readonly written: readonly RecordWrite[]
  /** For ids: each member's writes are counted by themselves, whatever runs beside it. */
  next(kind: string): number
  /** Of the running action; late calls of it are refused by name. */
  readonly callback?: ElizaCallback
}

const scopes = new AsyncLocalStorage<MemberScope>()

export const currentScope = (): MemberScope | undefined => scopes.getStore()

/** Runs a member. What it leaves behind, such as a timer, keeps the scope, which is then `ended`. */
export async function inScope<T>(scope: MemberScope, work: () => Promise<T> | T): Promise<T> {
  try {
    return await scopes.run(scope, async () => work())
  } finally {
    scope.state = 'ended'
  }
}

/** For what belongs to nobody: the caller's scope is left behind. */
export const outsideScope = <T>(work: () => T): T => scopes.exit(work)

/** A context that takes writes; without one, a member of a turn may only read. */
export const workOf = ({ context }: TurnScope): WorkContext | undefined =>
  'write' in context ? context : undefined
