import type { JsonObject } from '../schema/json.ts'
import type { Action } from './action.ts'
import { chooseParameters } from './choose-parameters.ts'
import { comparable } from './prompts/names-in-answer.ts'
import type { ParsedAnswer } from './prompts/parsed-answer.ts'
import { SPOKEN_ACTIONS } from './spoken-actions.ts'

type Answer = Pick<ParsedAnswer, 'thought' | 'text' | 'actions' | 'parameters' | 'parametersFault'>

/** What an answer comes down to. `settle` says the reply, `runAction` runs the actions. */
export interface ChosenActions {
  /** Absent when nothing is said. */
  readonly reply?: string
  readonly thought: string
  /** Names as they are registered, in the answer's order, each once; REPLY, IGNORE and NONE left out. */
  readonly actions: readonly string[]
  /** The agent chose to say and do nothing. */
  readonly ignored: boolean
  /** Names the agent has no action for, as the model wrote them. */
  readonly unknownActions: readonly string[]
  /** REPLY stands among the actions, and what to say does not: the words are wanted behind them. */
  readonly wantsReply?: true
  /** By the name of the action; absent when there are none. */
  readonly parameters?: Readonly<Record<string, JsonObject>>
  /** Why parameters that the model gave are not used. */
  readonly parametersFault?: string
}

/**
 * Resolves an answer's actions among those that were offered.
 *
 * - A name means an action of exactly that name, else one with exactly that simile; case, `_`, `-` and
 *   blanks do not count. A part of a name never starts an action.
 * - Text is said, whether REPLY stands beside it or not, unless IGNORE is the only action.
 * - REPLY of a plugin (only where ours does not win) runs as an action when it does not stand alone with its
 *   text: it finds words of its own, so those of the answer are not said.
 * - IGNORE beside others is dropped when there is text; without text it is all that happens.
 * - Parameters belong to the chosen action whose name they stand under, or to the only one.
 * - NONE adds nothing. NONE without text says and does nothing, which is `ignored` as well.
 *
 * Neither reply nor actions nor `ignored`: the answer cannot be used.
 */
export function chooseActions(answer: Answer, offered: readonly Action[]): ChosenActions {
  const resolve = createResolver(offered)
  const resolved = answer.actions.map((written) => ({ written, name: resolve(written) }))
  const names = new Set(resolved.flatMap(({ name }) => (name === undefined ? [] : [name])))
  const unknownActions = [
    ...new Set(resolved.filter(({ name }) => name === undefined).map(({ written }) => written)),
  ]
  const others = [...names].filter((name) => !Object.hasOwn(SPOKEN_ACTIONS, name))
  const repliesItself = names.has('REPLY') && isForeignReply(offered)
  const runsReply = repliesItself && (others.length > 0 || answer.text === '')
  const own = runsReply
    ? [...names].filter((name) => name === 'REPLY' || others.includes(name))
    : others
  const { thought } = answer
  const text = runsReply ? '' : answer.text

  if (names.has('IGNORE') && (text === '' || (names.size === 1 && unknownActions.length === 0))) {
    return { thought, actions: [], ignored: true, unknownActions }
  }
  const acts = { thought, actions: own, unknownActions, ...chooseParameters(answer, own, resolve) }
  if (text !== '') return { ...acts, reply: text, ignored: false }
  const ignored = own.length === 0 && names.has('NONE') && !names.has('REPLY')
  const wantsReply = names.has('REPLY') && !runsReply
  return { ...acts, ignored, ...(wantsReply ? { wantsReply } : {}) }
}

const isForeignReply = (offered: readonly Action[]): boolean =>
  offered.some(({ name, isForeign }) => isForeign === true && comparable(name) === 'reply')

function createResolver(offered: readonly Action[]): (written: string) => string | undefined {
  const names = new Map<string, string>()
  const similes = new Map<string, string>()
  const add = (map: Map<string, string>, word: string, name: string) => {
    if (!map.has(comparable(word))) map.set(comparable(word), name)
  }
  for (const { name } of offered) add(names, name, name)
  for (const name of Object.keys(SPOKEN_ACTIONS)) add(names, name, name)
  for (const action of offered) {
    for (const simile of action.similes ?? []) add(similes, simile, action.name)
  }
  for (const [name, words] of Object.entries(SPOKEN_ACTIONS)) {
    for (const simile of words) add(similes, simile, name)
  }
  return (written) => names.get(comparable(written)) ?? similes.get(comparable(written))
}
