/** The step with which a fork begins; what the original did before it is taken over. */
export type ForkStep =
  | 'shouldRespond'
  | 'composeState'
  | 'decide'
  | `runAction:${number}`
  | 'settle'

/** Where a fork begins that names no step: nothing is taken over. */
export const FIRST_FORK_STEP = 'shouldRespond' satisfies ForkStep

/** For errors and help. */
export const FORK_STEPS = 'shouldRespond, composeState (or compose), decide, runAction:<n>, settle'

const NAMES: Readonly<Record<string, ForkStep>> = {
  shouldRespond: 'shouldRespond',
  composeState: 'composeState',
  compose: 'composeState',
  decide: 'decide',
  settle: 'settle',
}

/** Undefined for what is no such step. `runAction:0` is the first action. */
export function parseForkStep(text: string): ForkStep | undefined {
  const [, ordinal] = /^runAction:(\d{1,3})$/.exec(text) ?? []
  if (ordinal !== undefined) return `runAction:${Number(ordinal)}`
  return Object.hasOwn(NAMES, text) ? NAMES[text] : undefined
}
