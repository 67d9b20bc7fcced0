/** Names of steps as the matrix has them; the plugin's actions run in this order. */
const STEP_NAMES: Readonly<Record<string, string>> = {
  'runAction:0': 'once',
  'runAction:1': 'idempotent',
  'evaluate:REMEMBER': 'evaluate',
}

export const nameOf = (step: string): string => STEP_NAMES[step] ?? step

export const isNamedStep = (value: unknown): value is string =>
  typeof value === 'string' && value in STEP_NAMES
