import { z } from 'zod'

/** What the API is asked and answers about sound. */

/** ElizaOS's list of recordings that may be sent. */
export const AUDIO_TYPES: readonly string[] = [
  ...['audio/mpeg', 'audio/mp3', 'audio/wav', 'audio/ogg', 'audio/webm', 'audio/mp4', 'audio/aac'],
  ...['audio/flac', 'audio/x-wav', 'audio/wave', 'audio/x-m4a'],
]

/** Vendors take about as much. */
export const MAX_AUDIO_BYTES = 25 * 1024 * 1024

export const recordingBody = z
  .object({
    file: z.any().meta({
      type: 'string',
      format: 'binary',
      description: `A recording of at most 25 MiB: ${AUDIO_TYPES.join(', ')}.`,
    }),
  })
  .meta({ id: 'Recording' })

export const speechBody = z
  .object({
    text: z
      .string()
      .max(4_096, 'must have at most 4,096 characters')
      .refine((text) => text.trim() !== '', 'must not be empty'),
    voice: z.string().min(1, 'must not be empty').max(100).optional().meta({
      description: 'A name of the vendor’s. Defaults to the vendor’s own choice.',
    }),
    speed: z.number().min(0.25).max(4).optional().meta({ description: '1 is normal.' }),
  })
  .meta({ id: 'Speech', example: { text: 'Good morning!' } })

export const transcription = z.object({ text: z.string() })

export const audioMessage = z.object({ transcription: z.string(), message: z.string() })
