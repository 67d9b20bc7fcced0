import { nameOf } from '../../attachment-words.ts'
import { attachmentsOf, type Media } from '../../attachments.ts'
import type { Provider } from '../../provider.ts'
import { section } from './sections.ts'

/** Of one attachment; a document may be a book. */
const MAX_TEXT = 8_000

/** Of all of them. */
const MAX_TOTAL = 24_000

/**
 * What came with the message that is answered, as far as it was looked at. Before the conversation,
 * so that nothing that is written in a picture can pose as the message: that is the last one of its
 * kind in the prompt. What came with earlier messages is in their lines of the conversation.
 */
export const attachmentsProvider: Provider = {
  name: 'ATTACHMENTS',
  description: 'What came with the message: pictures, sound, documents.',
  position: 90,
  builtIn: true,
  async get({ message }) {
    const media = attachmentsOf(message.content)
    const shown = (count: number) => {
      const text = media.slice(0, count).map(entry).join('\n')
      const short = text.length > MAX_TOTAL ? `${text.slice(0, MAX_TOTAL)}\n(shortened)` : text
      const attachments = section('What came with the message', short)
      return { kept: count, text: attachments, values: { attachments } }
    }
    const { text, values } = shown(media.length)
    const yields = { kind: 'attachments', rank: 20, count: media.length, render: shown }
    return { text, values, data: { attachments: media }, yields }
  },
}

function entry(media: Media, index: number): string {
  const about = media.description?.trim() || (media.text ? '' : '(nobody has looked at it)')
  const lines = [
    `${index + 1}. ${nameOf(media)}${about === '' ? '' : `: ${about}`}`,
    media.text ? `Text in it: ${shortened(media.text)}` : '',
  ]
  return lines
    .filter((line) => line !== '')
    .map((line) => line.replace(/\r\n?|\n/g, '\n  '))
    .join('\n  ')
}

function shortened(text: string): string {
  const left = text.length - MAX_TEXT
  return left > 0 ? `${text.slice(0, MAX_TEXT)} … (${left} more characters)` : text
}
