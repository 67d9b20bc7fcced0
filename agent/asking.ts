import type { JsonObject } from '../schema/json.ts'
import { isYes } from './settings-words.ts'

/**
 * What a round of a turn asks its model for. `decide`: what to say and do; `reply`: the words, now that the
 * actions have run; `step`: the next step of many (ElizaOS's multi-step mode); `summary`: the words
 * at their end.
 */
const ASKINGS = ['decide', 'reply', 'step', 'summary'] as const
export type AskingKind = (typeof ASKINGS)[number]

export interface Asking {
  readonly kind: AskingKind
  /** From 1: rounds since the person was last heard. */
  readonly iteration: number
  /** Providers that earlier rounds asked to see. */
  readonly include: readonly string[]
  /** Actions that ran in them. */
  readonly ran: readonly string[]
}

/** What a decision wants the next round to ask; it says nothing itself. */
export type NextAsking = Pick<Asking, 'kind' | 'include'>

/** More never help, and each one costs a call. */
export const MAX_ITERATIONS = 6

/** ElizaOS's settings allow it; beyond it a turn only burns money. */
const MOST_STEPS = 20

export interface MultiStepDefaults {
  /** USE_MULTI_STEP of the deployment. @default false */
  readonly isOn?: boolean
}

/** How a turn begins: an agent's `USE_MULTI_STEP`, else the deployment's. */
export function firstAsking(
  settings: Readonly<Record<string, unknown>>,
  { isOn = false }: MultiStepDefaults = {},
): Asking {
  const wanted = settings.USE_MULTI_STEP ?? settings.useMultiStep
  const isMultiStep =
    wanted === undefined || wanted === null || wanted === '' ? isOn : isYes(wanted)
  return { kind: isMultiStep ? 'step' : 'decide', iteration: 1, include: [], ran: [] }
}

/** An agent's `MAX_MULTISTEP_ITERATIONS`. @default 6, at most 20 */
export function maxSteps(settings: Readonly<Record<string, unknown>>): number {
  const wanted = Math.trunc(Number(settings.MAX_MULTISTEP_ITERATIONS ?? MAX_ITERATIONS))
  return Number.isFinite(wanted) && wanted > 0 ? Math.min(wanted, MOST_STEPS) : MAX_ITERATIONS
}

/** What the round before asked for, from the two places where it is journaled. */
export function askingBehind(decision: JsonObject | undefined): Asking | undefined {
  const next = decision?.next
  return isObject(next) ? readAsking(next) : undefined
}

/** What a stored prompt was composed for. Ordinary ones, and those of older versions, do not say. */
export const askingIn = (state: JsonObject): Asking =>
  isObject(state.asking)
    ? readAsking(state.asking)
    : { kind: 'decide', iteration: 1, include: [], ran: [] }

/** The part of a prompt's state that `askingIn` reads. */
export const storedAsking = (asking: Asking): JsonObject =>
  asking.kind === 'decide' && asking.iteration === 1 ? {} : { asking: toJson(asking) }

export const toJson = ({ kind, iteration, include, ran }: Asking): JsonObject => ({
  ...{ kind, iteration, include: [...include], ran: [...ran] },
})

function readAsking({ kind, iteration, include, ran }: JsonObject): Asking {
  return {
    kind: ASKINGS.find((one) => one === kind) ?? 'decide',
    iteration: typeof iteration === 'number' ? iteration : 1,
    include: texts(include),
    ran: texts(ran),
  }
}

const texts = (list: unknown): string[] =>
  Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []

const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
