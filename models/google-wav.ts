import type { SpeakResult } from '../agent/models.ts'

const CHANNELS = 1
const BYTES_PER_SAMPLE = 2

/**
 * Google's speech is bare samples (`audio/L16;codec=pcm;rate=24000`), which nothing plays: they get the
 * header of a WAV file. Any other type is left as it is.
 */
export function wavOf(audio: Buffer, mimeType: string): Pick<SpeakResult, 'audio' | 'mimeType'> {
  if (!/^audio\/(?:l16|pcm)\b/i.test(mimeType)) return { audio, mimeType }
  const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 24_000)
  return { audio: Buffer.concat([header(audio.length, rate), audio]), mimeType: 'audio/wav' }
}

function header(length: number, rate: number): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + length, 4)
  head.write('WAVEfmt ', 8)
  // Of the part that describes the samples; then 1 for samples that are not compressed.
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(CHANNELS, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * CHANNELS * BYTES_PER_SAMPLE, 28)
  head.writeUInt16LE(CHANNELS * BYTES_PER_SAMPLE, 32)
  head.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34)
  head.write('data', 36)
  head.writeUInt32LE(length, 40)
  return head
}
