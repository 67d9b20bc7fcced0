import type { SpeakRequest, SpeakResult } from '../agent/models.ts'
import {
  type CallPlace,
  callVendors,
  NOT_KEPT,
  notOffered,
  type VendorPorts,
} from './call-vendor.ts'

export interface SpeechCall extends CallPlace {
  readonly speech: Omit<SpeakRequest, 'model'>
}

/**
 * Vendors count 20 to 32 tokens for a second of speech (public reports), which has 12 to 20 letters, and
 * four signs of scripts that write a syllable with each: 8 tokens a sign, and some for pauses. No
 * vendor takes a cap.
 */
const TOKENS_PER_CHARACTER = 10
const TOKENS_OF_SILENCE = 200

/** Slower speech is longer; faster speech is not counted as shorter: some models have one speed. */
const mostTokens = ({ text, speed = 1 }: SpeechCall['speech']): number =>
  Math.ceil((text.length * TOKENS_PER_CHARACTER) / Math.min(1, Math.max(speed, MIN_SPEED))) +
  TOKENS_OF_SILENCE

/** Vendors know none below. */
const MIN_SPEED = 0.25

/** A text as sound. The ledger keeps no sound: a step that is repeated asks again. @throws {ModelError} */
export const callSpeech = (
  ports: VendorPorts,
  { speech, ...call }: SpeechCall,
): Promise<SpeakResult> =>
  callVendors<SpeakResult>(ports, {
    ...call,
    purpose: 'TEXT_TO_SPEECH',
    input: () => speech.text,
    outputTokens: mostTokens(speech),
    async invoke(target, { signal }) {
      const { vendor, model } = target
      if (!vendor.speak) throw notOffered(target, 'TEXT_TO_SPEECH')
      return vendor.speak({ ...speech, model }, { signal })
    },
    ...NOT_KEPT,
  })
