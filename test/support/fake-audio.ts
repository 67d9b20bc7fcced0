import type { AudioPort } from '../../api/audio-port.ts'

/** Says and hears the bytes as they are. */
export const fakeAudio = (): AudioPort => ({
  transcribe: async (_agentId, { audio }) => Buffer.from(audio).toString(),
  speak: async (_agentId, { text }) => ({ audio: Buffer.from(text), mimeType: 'audio/mpeg' }),
})
