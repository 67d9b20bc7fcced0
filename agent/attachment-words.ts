import { attachmentsOf, kindOf, type Media } from './attachments.ts'
import type { Content } from './memory.ts'

/** Of each attachment, in the line of a message in a transcript. */
const MAX_IN_LINE = 300

/** Of all that is said in the recordings of a message: a long transcript, and the beginning of more. */
const MAX_SPOKEN = 24_000

/**
 * A message in words, for a line of a transcript: its text, and behind it what came with it in square
 * brackets. A voice message is what was said in it.
 */
export function lineOf(content: Content): string {
  const said = spokenText(content)
  const others = attachmentsOf(content).filter((media) => !isSaid(content, media))
  return [said, ...others.map((media) => `[${briefly(media)}]`)]
    .filter((part) => part !== '')
    .join(' ')
}

/** What the person said: the text, or without one what was heard in the sound that came instead. */
export function spokenText(content: Content): string {
  const text = content.text ?? ''
  if (text.trim() !== '') return text
  const heard = attachmentsOf(content).filter((media) => isSaid(content, media))
  return shortened(heard.map((media) => media.text).join('\n'), MAX_SPOKEN)
}

/** Its first `max` characters, and how many more there are. */
export function shortened(text: string, max: number): string {
  const left = text.length - max
  return left > 0 ? `${text.slice(0, max)} … (${left} more characters)` : text
}

const isSaid = ({ text = '' }: Content, media: Media): boolean =>
  text.trim() === '' && kindOf(media) === 'audio' && (media.text ?? '').trim() !== ''

function briefly(media: Media): string {
  const about = media.description || media.text || ''
  const whole = about === '' ? nameOf(media) : `${nameOf(media)}: ${about}`
  const shown = whole.replace(/\s+/g, ' ')
  return shown.length > MAX_IN_LINE ? `${shown.slice(0, MAX_IN_LINE)} …` : shown
}

/** `image "The harbour"`. */
export function nameOf(media: Media): string {
  const kind = kindOf(media)
  const [word = ''] = (media.contentType ?? '').split('/')
  const called = kind === 'other' ? word || 'attachment' : kind === 'text' ? 'document' : kind
  return media.title ? `${called} "${media.title}"` : called
}
