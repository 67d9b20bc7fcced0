/** ElizaOS's model types that are written as text, streamed, and answered by `generate`. */
export const TEXT_PURPOSES = [
  'TEXT_SMALL',
  'TEXT_LARGE',
  'REASONING_SMALL',
  'REASONING_LARGE',
  'TEXT_COMPLETION',
  'OBJECT_SMALL',
  'OBJECT_LARGE',
  'IMAGE_DESCRIPTION',
] as const

/** All of ElizaOS's model types that a vendor can be asked for. Tokenizers are ours: `ModelCard`. */
export const MODEL_PURPOSES = [
  ...TEXT_PURPOSES,
  'TEXT_EMBEDDING',
  'IMAGE',
  'TRANSCRIPTION',
  'TEXT_TO_SPEECH',
] as const
