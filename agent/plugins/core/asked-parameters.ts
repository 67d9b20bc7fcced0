import type { Json, JsonObject } from '../../../schema/json.ts'
import type { Action, ActionContext } from '../../action.ts'
import { composePrompt } from '../../prompts/compose-prompt.ts'
import { withoutReasoning } from '../../prompts/reasoning.ts'
import { type TemplateName, templateOf } from '../../prompts/templates.ts'
import { childText, parseElements, type XmlElement } from '../../prompts/xml.ts'
import { messagesBefore, newestWithin, transcript } from './conversation.ts'
import { readEntityNames } from './entity-names.ts'
import { list } from './sections.ts'

/** About 2,000 tokens: what a parameter refers to is rarely further back. */
const MAX_CONVERSATION = 8_000

export interface AskedFor {
  readonly action: Pick<Action, 'name' | 'parameters'>
  readonly template: TemplateName
  /** What there is to choose from, one per line. */
  readonly choices?: string
}

/**
 * What the model gave with its decision; where something that is required is missing, one question to a
 * small model reads it from the conversation. What was given stands.
 */
export async function parametersFor(context: ActionContext, asked: AskedFor): Promise<JsonObject> {
  const { parameters = [] } = asked.action
  const given = present(context.parameters)
  const isComplete = parameters.every(
    ({ name, required }) => !required || given[name] !== undefined,
  )
  return isComplete ? given : { ...(await askModel(context, asked)), ...given }
}

/** Blank ones count as not given. */
const present = (parameters: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => value !== null && value !== ''),
  )

async function askModel(context: ActionContext, asked: AskedFor): Promise<JsonObject> {
  const { parameters = [] } = asked.action
  const names = parameters.map(({ name }) => name)
  const prompt = await promptFor(context, asked)
  const answer = withoutReasoning(await context.generate('TEXT_SMALL', { prompt }))
  const grammar = { '': ['response'], response: names }
  const found = parseElements(answer, grammar)
  const blocks = found.length > 0 ? found : parseElements(`<response>${answer}</response>`, grammar)
  const block = blocks.findLast(({ children }) => children.length > 0)
  return block ? present(Object.fromEntries(names.map((name) => [name, valueIn(block, name)]))) : {}
}

/** JSON where it is an object or a list, else text. */
function valueIn(block: XmlElement, name: string): Json {
  const text = childText(block, name).trim()
  if (!/^[[{]/.test(text)) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

async function promptFor(context: ActionContext, asked: AskedFor): Promise<string> {
  const { agent, message } = context
  const { action, template, choices = '' } = asked
  const { parameters = [] } = action
  const [{ nameOf }, before] = await Promise.all([
    readEntityNames(context),
    messagesBefore(context),
  ])
  const values = {
    agentName: agent.character.name,
    actionName: action.name,
    parameters: list(parameters.map(lineOf)),
    format: parameters
      .map(({ name, description }) => `<${name}>${description}</${name}>`)
      .join('\n'),
    choices,
    recentMessages: transcript(newestWithin(before, MAX_CONVERSATION), nameOf),
    senderName: nameOf(message.entityId),
    message: message.content.text ?? '',
  }
  return composePrompt(templateOf(agent.character, template), { values, data: {}, text: '' })
}

const lineOf = ({ name, description, required }: NonNullable<Action['parameters']>[number]) =>
  `${name}${required ? ' (required)' : ''}: ${description}`

/** A parameter as text; '' when it is none. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
