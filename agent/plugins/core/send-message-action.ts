import { createUniqueUuid, stringToUuid } from '../../../schema/ids.ts'
import type { Action, ActionContext, ActionResult } from '../../action.ts'
import { wordsOf } from '../../words-of.ts'
import { parametersFor, textOf } from './asked-parameters.ts'
import { findTarget } from './send-target.ts'
import { done, refused } from './told.ts'

/** One message; longer ones are split where the platform wants it. */
const MAX_TEXT = 8_000

/**
 * Says something elsewhere. The message commits with the step, once, whatever dies; on a platform that a
 * plugin writes to it is sent first, and not stored when that fails.
 */
export const sendMessageAction: Action = {
  name: 'SEND_MESSAGE',
  similes: ['DM', 'MESSAGE', 'SEND_DM', 'POST_MESSAGE'],
  description:
    'Sends a message to another room or person, when somebody asks you to. Not for answers to this conversation.',
  parameters: [
    { name: 'target', description: 'name or id of the room or the person', required: true },
    { name: 'text', description: 'what is sent, word for word', required: true },
    { name: 'source', description: 'the platform, only if one was named' },
  ],
  // A plugin's platform takes a message at once; everything else commits with the step.
  effect: ({ platforms }) => (platforms?.canSend ? 'once' : 'none'),
  handler: send,
}

async function send(context: ActionContext): Promise<ActionResult> {
  const template = 'sendMessageTemplate'
  const given = await parametersFor(context, { action: sendMessageAction, template })
  const [target, text, source] = [given.target, given.text, given.source].map(textOf)
  const refuse = (reason: string) => refused(context, 'SEND_MESSAGE', reason)
  if (!target) return refuse('I do not know whom to write to.')
  if (!text) return refuse('I do not know what to write.')
  const found = await findTarget(context, { target, source: source ?? '' })
  if (found.kind === 'refused') return refuse(found.reason)
  const { room, name } = found
  if (room.id === context.room.id) return refuse('That is this very room.')
  const id = stringToUuid(`${context.key}:message`)
  const outboxSource = context.outboxSource(room.source)
  const content = { text: text.slice(0, MAX_TEXT), source: room.source, channelType: room.type }
  if (outboxSource === null && context.agent.platforms?.has(room.source)) {
    try {
      await context.agent.platforms.send(context, room, content)
    } catch (error) {
      if (context.signal.aborted) throw error
      const words = refuse(
        `I could not write to ${name}: my connection to '${room.source}' failed.`,
      )
      return { ...words, error: wordsOf(error) }
    }
  }
  context.write({
    kind: 'message.send',
    id,
    memoryId: createUniqueUuid(context.agent.id, id),
    roomId: room.id,
    ...{ content, outboxSource },
  })
  const data = { roomId: room.id, messageId: id }
  return done(context, { action: 'SEND_MESSAGE', text: `I wrote to ${name}.`, data })
}
