import type { Provider } from '../../provider.ts'
import { isShared } from './room-kind.ts'
import { list, section } from './sections.ts'

const TONE = [
  'Be brief: as many words as it takes, and no more. No flattery, no repeated offers of help.',
  'Say what is new. Do not repeat what was said, and do not end each message with a question.',
]

const AMONG_SEVERAL = [
  'Several people talk here: do not answer for others, and do not come between two who talk.',
]

/** A hint at the tone, the same in each turn of a room: picked at random, no prompt would begin alike. */
export const anxietyProvider: Provider = {
  name: 'ANXIETY',
  description: 'A hint at the tone of the room.',
  position: -5,
  builtIn: true,
  async get({ room }) {
    const stableText = section('Tone', list(TONE))
    return {
      stableText,
      text: isShared(room) ? `${stableText}\n${list(AMONG_SEVERAL)}` : stableText,
    }
  },
}
