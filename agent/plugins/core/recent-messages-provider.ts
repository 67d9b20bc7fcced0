import type { Provider } from '../../provider.ts'
import { messagesBefore, transcript } from './conversation.ts'
import { readEntityNames } from './entity-names.ts'

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
    const text = [
      `<conversation>\n${transcript(before, nameOf)}\n</conversation>`,
      `# Message from ${senderName}`,
      `<message_to_answer>\n${message.content.text ?? ''}\n</message_to_answer>`,
    ].join('\n\n')
    const recentMessages = transcript([...before, message], nameOf)
    return { text, values: { recentMessages, senderName }, data: { recentMessages: before } }
  },
}
