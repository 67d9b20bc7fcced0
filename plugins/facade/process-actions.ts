import type { Action, ActionContext, ActionResult } from '../../agent/action.ts'
import type { WorkContext } from '../../agent/context.ts'
import type { Content } from '../../agent/memory.ts'
import { type ActionOutcome, planOfActions } from '../../agent/progress.ts'
import { comparable } from '../../agent/prompts/names-in-answer.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { ElizaCallback, ElizaMemory, ElizaState } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { StateMembers } from '../runtime.ts'
import { outsideScope } from '../scope.ts'
import type { Access } from './access.ts'
import { resultsKey, toElizaResult } from './action-results.ts'
import { toState, type Work, workFor } from './contexts.ts'
import { isObject, toContent, toObject } from './json.ts'

/** One after the other, in the step that runs. One that fails is a failed result, and the next one runs. */
export function processActionsOf(access: Access): StateMembers['processActions'] {
  return async (message, responses, state, callback) => {
    const wanted = responses.flatMap(wantedIn)
    if (wanted.length === 0) return
    const work = await workFor(access, message)
    const outcomes: ActionOutcome[] = []
    for (const { name, parameters, reply } of wanted) {
      const action = findAction(work.context.agent.actions, name)
      const actions = wanted.map((each) => each.name)
      const given = { access, message, work, state, callback, parameters, reply, outcomes, actions }
      const result = action ? await carriedOut(action, given) : unknownAction(name)
      outcomes.push({ ...result, action: action?.name ?? name })
    }
    await work.flush()
    keepResults(access, message, outcomes)
  }
}

interface Given {
  readonly access: Access
  readonly message: ElizaMemory
  readonly work: Work
  readonly state: ElizaState | undefined
  readonly callback: ElizaCallback | undefined
  readonly parameters: JsonObject
  /** What stands beside the action: REPLY says it. */
  readonly reply: Content
  /** Of the actions before it. */
  readonly outcomes: readonly ActionOutcome[]
  /** All that were asked for. */
  readonly actions: readonly string[]
}

type Wanted = Pick<Given, 'parameters' | 'reply'> & { readonly name: string }

function wantedIn({ content }: ElizaMemory): Wanted[] {
  const names = Array.isArray(content.actions) ? content.actions : []
  const byName = toObject(content.params, 'the parameters of actions') ?? {}
  const { text, thought } = toContent(content, 'a response')
  const reply = { ...(text && { text }), ...(thought && { thought }) }
  return names
    .filter((name) => typeof name === 'string' && name !== '')
    .map((name) => {
      const parameters = byName[name] ?? byName[name.toUpperCase()]
      return { name, reply, parameters: isObject(parameters) ? parameters : {} }
    })
}

/** By its name, else by a simile; a part of a name is none. */
function findAction(actions: readonly Action[], name: string): Action | undefined {
  const isMeant = (word: string) => comparable(word) === comparable(name)
  return (
    actions.find((action) => isMeant(action.name)) ??
    actions.find(({ similes = [] }) => similes.some(isMeant))
  )
}

const unknownAction = (name: string): ActionResult => ({
  ...{ success: false, error: `The agent has no action '${name}'.` },
})

async function carriedOut(action: Action, given: Given): Promise<ActionResult> {
  const { access, message, callback } = given
  const said: Content[] = []
  const tell = (event: string, more: object) =>
    access.runtime.emitEvent(event, {
      ...{ messageId: message.id, roomId: message.roomId, world: message.worldId },
      content: { text: '', actions: [action.name], ...more },
    })
  await tell('ACTION_STARTED', { actionStatus: 'executing' })
  const result = await resultOf(action, async () => {
    const state = toState(given.state ?? (await composed(given)))
    const say = (content: Content) => void said.push(content)
    const run = () => applied(action, given, { state, say })
    // Ours do not run under what the plugin that asks may do.
    return action.isForeign ? run() : outsideScope(run)
  })
  for (const content of said) await callback?.({ ...structuredClone(content) })
  const actionStatus = result.success ? 'completed' : 'failed'
  await tell('ACTION_COMPLETED', { actionStatus, actionResult: toElizaResult(action.name, result) })
  return result
}

async function applied(
  action: Action,
  given: Given,
  { state, say }: Pick<ActionContext, 'state' | 'say'>,
): Promise<ActionResult> {
  if (action.validate && !(await action.validate(given.work.context, state))) {
    return { success: false, error: `The action '${action.name}' does not apply now.` }
  }
  if (await asksFirst(action, given.parameters)) return NEEDS_APPROVAL
  if (action.name === 'REPLY' && !action.isForeign) return spoken(given.reply, say)
  return action.handler({ ...contextOf(action, given), state, say })
}

/** Ours leaves its words to the end of the turn, which is not told of these. */
function spoken(reply: Content, say: (content: Content) => void): ActionResult {
  const { text } = reply
  if (!text)
    return { success: false, error: `There is nothing to say: REPLY stands beside no text.` }
  say({ ...reply, actions: ['REPLY'] })
  return { success: true, text }
}

async function resultOf(
  { name }: Action,
  work: () => Promise<ActionResult>,
): Promise<ActionResult> {
  try {
    return await work()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { success: false, error: `The action '${name}' failed: ${reason}` }
  }
}

const composed = ({ access, message }: Given): Promise<ElizaState> =>
  access.runtime.composeState(message, ['RECENT_MESSAGES', 'ACTION_STATE'])

const NEEDS_APPROVAL: ActionResult = {
  success: false,
  error: 'Somebody must agree to it, and only a turn of its own can wait for that.',
}

async function asksFirst(
  { requiresApproval = false }: Action,
  parameters: JsonObject,
): Promise<boolean> {
  return typeof requiresApproval === 'boolean' ? requiresApproval : requiresApproval(parameters)
}

/** The running action's own context where there is one, so that its promises hold. */
function contextOf(action: Action, given: Given): Omit<ActionContext, 'state'> {
  const { work, outcomes, parameters, actions } = given
  const { context } = work
  const around = outerOf(context)
  const key = around?.key ?? `${context.turn.turnId}:${context.turn.gen}:${context.step ?? ''}`
  return {
    ...context,
    ...{ parameters, key: `${key}:${action.name}:${outcomes.length}` },
    previous: [...(around?.previous ?? []), ...outcomes],
    plan: planOfActions(actions, outcomes, { thought: '', words: 'none' }),
    outboxSource: around?.outboxSource ?? (() => null),
    answerApproval: around?.answerApproval ?? noApproval,
  }
}

const outerOf = (context: WorkContext): ActionContext | undefined =>
  'answerApproval' in context ? (context as ActionContext) : undefined // only an action's has it

const noApproval = async (): Promise<never> => {
  const message = `An approval is answered by an action of a turn, not by 'processActions' elsewhere.`
  throw new PluginError('runtime', message)
}

function keepResults(
  { runtime }: Access,
  { id }: ElizaMemory,
  outcomes: readonly ActionOutcome[],
): void {
  if (!id) return
  const actionResults = outcomes.map((outcome) => toElizaResult(outcome.action, outcome))
  const text = JSON.stringify(actionResults)
  runtime.stateCache.set(resultsKey(id), {
    values: { actionResults },
    data: { actionResults },
    text,
  })
}
