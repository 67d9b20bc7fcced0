import { spokenText } from '../../attachment-words.ts'
import type { Memory } from '../../memory.ts'
import type { Provider } from '../../provider.ts'
import { messagesBefore, newestOf, transcript } from './conversation.ts'
import { readEntityNames } from './entity-names.ts'

/** The last exchange outlives documents when the prompt is too long. */
const RESERVE = 4

/**
 * The conversation, and the message to answer as it was written. Late in the prompt: what grows at
 * its end can still be served from a vendor's cache.
 */
export const recentMessagesProvider: Provider = {
  name: 'RECENT_MESSAGES',
  description: 'The last messages of the room, and the one that is answered.',
  position: 100,
  required: true,
  builtIn: true,
  async get(context) {
    const { message } = context
    const [{ nameOf }, before] = await Promise.all([
      readEntityNames(context),
      messagesBefore(context),
    ])
    const senderName = nameOf(message.entityId)
    const shown = (messages: readonly Memory[]) => ({
      text: [
        `<conversation>\n${transcript(messages, nameOf)}\n</conversation>`,
        `# Message from ${senderName}`,
        `<message_to_answer>\n${spokenText(message.content)}\n</message_to_answer>`,
      ].join('\n\n'),
      values: { recentMessages: transcript([...messages, message], nameOf), senderName },
    })
    const render = (count: number) => {
      const newest = newestOf(before, count)
      return { kept: newest.length, ...shown(newest) }
    }
    return {
      ...shown(before),
      data: { recentMessages: before },
      yields: { kind: 'messages', rank: 10, count: before.length, reserve: RESERVE, render },
    }
  },
}
