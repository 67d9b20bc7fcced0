import type { ModelResult } from '../agent/models.ts'
import { callVendors, notOffered, type VendorCall, type VendorPorts } from './call-vendor.ts'

export interface TranscriptionCall
  extends Pick<
    VendorCall<ModelResult>,
    'attempt' | 'step' | 'call' | 'agent' | 'subject' | 'signal' | 'deadlineAt'
  > {
  readonly audio: Uint8Array
  readonly mimeType: string
}

/**
 * Vendors that count tokens count ten a second; a second of speech is about 4,000 bytes where it is
 * compressed well, and more elsewhere, so that this is rather too high.
 */
const BYTES_PER_TOKEN = 400

/** What is said in a recording. @throws {ModelError} */
export async function callTranscription(
  ports: VendorPorts,
  { audio, mimeType, ...call }: TranscriptionCall,
): Promise<string> {
  const result = await callVendors<ModelResult>(ports, {
    ...call,
    purpose: 'TRANSCRIPTION',
    input: () => '',
    inputExtra: Math.ceil(audio.length / BYTES_PER_TOKEN),
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
