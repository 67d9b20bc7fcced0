import type { Agent } from '../agent/agent.ts'
import { type Asking, MAX_ITERATIONS, maxSteps } from '../agent/asking.ts'
import { type ChosenActions, chooseActions } from '../agent/choose-actions.ts'
import { parseAnswer } from '../agent/prompts/answer.ts'
import { comparable } from '../agent/prompts/names-in-answer.ts'
import { parseStep } from '../agent/prompts/step-answer.ts'
import { isSilence } from '../agent/spoken-actions.ts'
import { storableText } from '../schema/text.ts'

/** What an answer comes down to: to say and do something, or to ask once more in another round. */
export type Choice = ChosenActions & {
  /** False when the answer was cut off. */
  readonly isComplete: boolean
  /** The next round; an answer that wants one says nothing itself. */
  readonly next?: Asking
}

type Chooser = Pick<Agent, 'actions' | 'providers' | 'settings'>

export const SAID_NOTHING = { thought: '', actions: [], ignored: false, unknownActions: [] }

/** Undefined when the answer cannot be used. */
export function readDecision(text: string, asking: Asking, agent: Chooser): Choice | undefined {
  switch (asking.kind) {
    case 'decide':
      return readAnswer(text, asking, agent)
    case 'step':
      return readStep(text, asking, agent)
    default:
      return readWords(text)
  }
}

/** Nobody should wait for a text that another round will take the place of. */
export const holdsBack =
  (asking: Asking, agent: Chooser) =>
  (providers: readonly string[]): boolean =>
    asking.kind === 'decide' && wantsToSee(providers, asking, agent).length > 0

function readAnswer(text: string, asking: Asking, agent: Chooser): Choice | undefined {
  const parsed = parseAnswer(storableText(text))
  if (!parsed) return undefined
  const { isComplete, thought, providers } = parsed
  const unseen = wantsToSee(providers, asking, agent)
  if (unseen.length > 0) {
    const include = [...asking.include, ...unseen]
    return {
      ...SAID_NOTHING,
      thought,
      isComplete,
      next: after(asking, { kind: 'decide', include }),
    }
  }
  const choice = chooseActions(parsed, agent.actions)
  const isUsable = choice.ignored || choice.reply || choice.actions.length > 0
  if (!isUsable) return undefined
  const wantsWords = choice.wantsReply && choice.actions.length > 0
  if (!wantsWords || asking.iteration >= MAX_ITERATIONS) return { ...choice, isComplete }
  return { ...choice, isComplete, next: after(asking, { kind: 'reply', ran: choice.actions }) }
}

/** What a turn says when its actions have run: no more actions, whatever the answer names. */
function readWords(text: string): Choice | undefined {
  const parsed = parseAnswer(storableText(text))
  if (!parsed || parsed.text === '') return undefined
  const { thought, text: reply, isComplete } = parsed
  return { ...SAID_NOTHING, thought, reply, isComplete }
}

/**
 * One step of many. REPLY and NONE are the end of the steps, since the summary says it all; IGNORE is the
 * end of the turn. A step that does nothing new is the last one.
 */
function readStep(text: string, asking: Asking, agent: Chooser): Choice | undefined {
  const step = parseStep(text)
  if (!step) return undefined
  const { thought, action, parameters, parametersFault, isFinish } = step
  const named = action === '' ? [] : [action]
  const answer = { thought, text: '', actions: named, parameters, parametersFault }
  const choice = chooseActions(answer, agent.actions)
  if (isSilence(named)) return { ...choice, isComplete: true }
  const actions = isFinish ? [] : choice.actions
  const unseen = isFinish ? [] : unseenAmong(step.providers, asking, agent)
  const isLast = isFinish || asking.iteration >= maxSteps(agent.settings)
  const goesOn = actions.length + unseen.length + choice.unknownActions.length > 0
  const next = after(asking, {
    kind: goesOn && !isLast ? 'step' : 'summary',
    include: [...asking.include, ...unseen],
    ran: actions,
  })
  return { ...choice, actions, ignored: false, isComplete: true, next }
}

const after = (
  { iteration, include, ran }: Asking,
  next: Pick<Asking, 'kind'> & Partial<Pick<Asking, 'include' | 'ran'>>,
): Asking => ({
  kind: next.kind,
  iteration: iteration + 1,
  include: next.include ?? include,
  ran: [...ran, ...(next.ran ?? [])],
})

const wantsToSee = (names: readonly string[], asking: Asking, agent: Chooser): string[] =>
  asking.iteration < MAX_ITERATIONS ? unseenAmong(names, asking, agent) : []

/** Providers that are only asked by name, and were not yet: exactly by their names. */
function unseenAmong(
  names: readonly string[],
  { include }: Pick<Asking, 'include'>,
  { providers }: Pick<Chooser, 'providers'>,
): string[] {
  const wanted = new Set(names.map(comparable))
  const seen = new Set(['ENTITIES', ...include].map(comparable))
  return providers
    .filter((provider) => provider.dynamic && !provider.private)
    .map(({ name }) => name)
    .filter((name) => wanted.has(comparable(name)) && !seen.has(comparable(name)))
}
