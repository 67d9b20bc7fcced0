import type { JsonObject } from '../schema/json.ts'
import type { ChosenActions } from './choose-actions.ts'
import type { ParsedAnswer } from './prompts/parsed-answer.ts'

type Chosen = Pick<ChosenActions, 'parameters' | 'parametersFault'>

/**
 * Which action an answer's parameters belong to: `{"ORDER": {…}}` by name, and when there is one action and
 * no name fits, all of them are its own. Those of actions that were not chosen are left out, and named.
 */
export function chooseParameters(
  { parameters, parametersFault }: Pick<ParsedAnswer, 'parameters' | 'parametersFault'>,
  chosen: readonly string[],
  resolve: (written: string) => string | undefined,
): Chosen {
  if (parametersFault !== undefined) return { parametersFault }
  if (!parameters) return {}
  const byName = Object.entries(parameters).flatMap(([written, value]) => {
    const name = resolve(written)
    return name !== undefined && chosen.includes(name) && isObject(value)
      ? [{ written, name, value }]
      : []
  })
  const [only] = chosen
  if (byName.length === 0 && only !== undefined && chosen.length === 1) {
    return Object.keys(parameters).length > 0 ? { parameters: { [only]: parameters } } : {}
  }
  const used = new Set(byName.map(({ written }) => written))
  const unused = Object.keys(parameters).filter((written) => !used.has(written))
  return {
    ...(byName.length > 0
      ? { parameters: Object.fromEntries(byName.map(({ name, value }) => [name, value])) }
      : {}),
    ...(unused.length > 0
      ? { parametersFault: `No chosen action takes '${unused.join("', '").slice(0, 200)}'.` }
      : {}),
  }
}

const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
