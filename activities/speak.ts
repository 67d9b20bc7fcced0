import type { SpeakRequest, SpeakResult } from '../agent/models.ts'
import { callVendors, notOffered, type VendorCall, type VendorPorts } from './call-vendor.ts'

export interface SpeechCall
  extends Pick<
    VendorCall<SpeakResult>,
    'attempt' | 'step' | 'call' | 'agent' | 'subject' | 'signal' | 'deadlineAt'
  > {
  readonly speech: Omit<SpeakRequest, 'model'>
}

/** A text as sound. The ledger keeps no sound: a step that is repeated asks again. @throws {ModelError} */
export const callSpeech = (
  ports: VendorPorts,
  { speech, ...call }: SpeechCall,
): Promise<SpeakResult> =>
  callVendors<SpeakResult>(ports, {
    ...call,
    purpose: 'TEXT_TO_SPEECH',
    input: () => speech.text,
    async invoke(target, { signal }) {
      const { vendor, model } = target
      if (!vendor.speak) throw notOffered(target, 'TEXT_TO_SPEECH')
      return vendor.speak({ ...speech, model }, { signal })
    },
    record: () => ({ text: null, finishReason: 'stop' }),
    restore: () => {
      throw new Error('A ledger row without a text was taken for a paid answer.') // `record` keeps none
    },
  })
