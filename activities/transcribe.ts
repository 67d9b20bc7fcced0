import type { ModelResult } from '../agent/models.ts'
import { type CallPlace, callVendors, notOffered, type VendorPorts } from './call-vendor.ts'

export interface TranscriptionCall extends CallPlace {
  readonly audio: Uint8Array
  readonly mimeType: string
}

/**
 * Vendors count 10 to 32 tokens a second (public reports). Voice messages have down to 2,400 bytes a
 * second, everything else has more, so that this is rather too high.
 */
const BYTES_PER_TOKEN = 75

/** What is said in a recording. @throws {ModelError} */
export async function callTranscription(
  ports: VendorPorts,
  { audio, mimeType, ...call }: TranscriptionCall,
): Promise<string> {
  const result = await callVendors<ModelResult>(ports, {
    ...call,
    purpose: 'TRANSCRIPTION',
    input: () => '',
    // No model reads more than its context, and a long recording in good quality would be counted so.
    inputExtra: ({ card }) =>
      Math.min(Math.ceil(audio.length / BYTES_PER_TOKEN), card.contextTokens),
    async invoke(target, { signal }) {
      const { vendor, model } = target
      if (!vendor.transcribe) throw notOffered(target, 'TRANSCRIPTION')
      return vendor.transcribe({ model, audio, mimeType }, { signal })
    },
    record: ({ text, finishReason }) => ({ text, finishReason }),
    restore: ({ text, finishReason }) => ({ text, finishReason, cost: null }),
  })
  return result.text.trim()
}
