import type { WorkContext } from '../../agent/context.ts'
import type { Content } from '../../agent/memory.ts'
import { stringToUuid } from '../../schema/ids.ts'
import type { ElizaCallback, ElizaMemory } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { HostLog } from '../runtime-host.ts'
import type { MemberScope } from '../scope.ts'
import { saidMemory } from './eliza-shapes.ts'
import { isObject, plainJson, plainObject } from './plain-json.ts'
import { stepOf } from './turn-scope.ts'

export interface CallbackInput {
  readonly context: WorkContext
  readonly plugin: string
  readonly member: string
  /** Most messages. */
  readonly limit: number
  readonly log: HostLog
  /** Whether it may still be called. */
  scope(): MemberScope | undefined
  /** Counts a refusal. */
  onRefused(error: PluginError): void
}

/** Keys of a content that say nothing by themselves. */
const SILENT_KEYS: readonly string[] = [
  ...['text', 'thought', 'actions', 'providers', 'source', 'target', 'simple', 'channelType'],
  ...['inReplyTo', 'responseId', 'responseMessageId', 'mentionContext'],
]
const MAX_LENGTH = 1_000_000

/**
 * ElizaOS's callback: what it is given is said when the step commits. Refused, by name: a message beyond
 * the limit, one of more than a million characters, and any that comes after the member has returned.
 */
export function bufferedCallback(input: CallbackInput): ElizaCallback {
  const { context, member, plugin, log, onRefused } = input
  let said = 0
  const say = (given: unknown, files: unknown): ElizaMemory[] => {
    const { content, dropped } = contentOf(given, files)
    if (dropped.length > 0) {
      const fields = { agentId: context.agent.id, plugin, member, turnId: context.turn.turnId }
      const lost = `What is no JSON was left out of a message of the ${member}: ${dropped.join(', ')}.`
      log.warn(fields, lost)
    }
    if (!saysSomething(content)) return []
    const refusal = refusalOf(input, { said, length: JSON.stringify(content).length })
    if (refusal) {
      onRefused(refusal)
      throw refusal
    }
    const id = messageMemoryId(context, said)
    said += 1
    context.say(content)
    return [saidMemory(context.message, { id, content, at: context.now })]
  }
  return (given, files) => {
    const answer = new Promise<ElizaMemory[]>((resolve) => resolve(say(given, files)))
    answer.catch(() => undefined) // it is counted: whoever does not await it has not lost it
    return answer
  }
}

function refusalOf(
  { scope, plugin, member, limit, context }: CallbackInput,
  { said, length }: { said: number; length: number },
): PluginError | undefined {
  const refuse = (why: string) =>
    new PluginError(
      plugin,
      `A message of the ${member} of the plugin '${plugin}' is refused: ${why}`,
    )
  const { turnId } = context.turn
  if (scope()?.state !== 'open') {
    return refuse(
      `it came after the member had ended, in turn '${turnId}'. Await it in the handler.`,
    )
  }
  if (context.signal.aborted) return refuse(`the turn '${turnId}' was cancelled.`)
  if (said >= limit) return refuse(`${limit} messages of one call are the limit.`)
  if (length > MAX_LENGTH)
    return refuse(`it has ${length} characters, ${MAX_LENGTH} are the limit.`)
  return undefined
}

/** The id under which the step writes the memory of its message. */
const messageMemoryId = ({ turn, ...context }: WorkContext, ordinal: number): string =>
  stringToUuid(
    `${turn.turnId}:${turn.gen}:${stepOf({ turn, ...context })}:message-memory:${ordinal}`,
  )

/** ElizaOS's Content, as far as it can be stored; a plain text is one as well. */
export function contentOf(
  given: unknown,
  files?: unknown,
): { readonly content: Content; readonly dropped: readonly string[] } {
  const whole = typeof given === 'string' ? { text: given } : given
  const { json, dropped } = plainObject(whole)
  const { text, thought, actions, providers, ...rest } = json
  const attached = attachmentsIn(json.attachments, files)
  const wrong = isWrongText(text) ? [...dropped, 'text'] : dropped
  const content: Content = {
    ...rest,
    ...(typeof text === 'string' && { text }),
    ...(typeof thought === 'string' && { thought }),
    ...(Array.isArray(actions) && { actions: texts(actions) }),
    ...(Array.isArray(providers) && { providers: texts(providers) }),
    ...(attached.length > 0 && { attachments: attached }),
  }
  return { content: withoutWrongTexts(content), dropped: wrong }
}

const isWrongText = (text: unknown) =>
  text !== undefined && text !== null && typeof text !== 'string'

function withoutWrongTexts(content: Content): Content {
  const wrong = ['source', 'inReplyTo', 'channelType'].filter(
    (key) => content[key] !== undefined && typeof content[key] !== 'string',
  )
  return Object.fromEntries(Object.entries(content).filter(([key]) => !wrong.includes(key)))
}

const texts = (items: readonly unknown[]): string[] =>
  items.filter((item) => typeof item === 'string')

function attachmentsIn(attachments: unknown, files: unknown) {
  const all = [attachments, plainJson(files).json].flatMap((list) =>
    Array.isArray(list) ? list : [],
  )
  return all.filter((item) => isObject(item) && typeof item.url === 'string')
}

/** A thought alone, or the name of an action, is nothing to show. */
const saysSomething = (content: Content): boolean =>
  (content.text ?? '').trim() !== '' ||
  Object.keys(content).some((key) => !SILENT_KEYS.includes(key) && content[key] !== null)
