/** What a vendor's models are chosen for; each has a setting, `<PREFIX>_<KIND>_MODEL`. */
export const MODEL_KINDS = [
  'SMALL',
  'LARGE',
  'REASONING_SMALL',
  'REASONING_LARGE',
  'EMBEDDING',
  'IMAGE',
  'IMAGE_DESCRIPTION',
  'TRANSCRIPTION',
  'TTS',
] as const
export type ModelKind = (typeof MODEL_KINDS)[number]

export type VendorName =
  | 'anthropic'
  | 'openrouter'
  | 'openai'
  | 'google'
  | 'xai'
  | 'groq'
  | 'ollama'

/** The names that a vendor's settings have, in ElizaOS where it has them. The first one is ours. */
export interface VendorNames {
  readonly vendor: VendorName
  /** As its own pages write it. */
  readonly label: string
  /** Of `_SMALL_MODEL`, `_REQUESTS_PER_MINUTE` … */
  readonly prefix: string
  /** Empty: it wants none. */
  readonly keys: readonly string[]
  readonly addresses: readonly string[]
  /** What it can be asked for. */
  readonly kinds: readonly ModelKind[]
  /** Where a kind's name is not `<PREFIX>_<KIND>_MODEL`, or has others besides. */
  readonly otherNames?: Partial<Readonly<Record<ModelKind, readonly string[]>>>
}

const TEXT: readonly ModelKind[] = [
  'SMALL',
  'LARGE',
  'REASONING_SMALL',
  'REASONING_LARGE',
  'IMAGE_DESCRIPTION',
]

/** In the order in which they are asked when no setting says otherwise: that of ElizaOS's plugins. */
export const MODEL_VENDORS: readonly VendorNames[] = [
  {
    ...{ vendor: 'anthropic', label: 'Anthropic', prefix: 'ANTHROPIC', kinds: TEXT },
    keys: ['ANTHROPIC_API_KEY'],
    addresses: ['ANTHROPIC_BASE_URL'],
    otherNames: { LARGE: ['ANTHROPIC_LARGE_MODEL', 'ANTHROPIC_MODEL'] },
  },
  {
    ...{ vendor: 'openrouter', label: 'OpenRouter', prefix: 'OPENROUTER' },
    kinds: [...TEXT, 'EMBEDDING', 'IMAGE'],
    keys: ['OPENROUTER_API_KEY'],
    addresses: ['OPENROUTER_BASE_URL'],
    otherNames: {
      IMAGE: ['OPENROUTER_IMAGE_GENERATION_MODEL'],
      // ElizaOS's plugin looks at pictures with it.
      IMAGE_DESCRIPTION: ['OPENROUTER_IMAGE_DESCRIPTION_MODEL', 'OPENROUTER_IMAGE_MODEL'],
    },
  },
  {
    ...{ vendor: 'openai', label: 'OpenAI', prefix: 'OPENAI', kinds: MODEL_KINDS },
    keys: ['OPENAI_API_KEY'],
    addresses: ['OPENAI_BASE_URL'],
  },
  {
    ...{ vendor: 'google', label: 'Google Gemini', prefix: 'GOOGLE', kinds: MODEL_KINDS },
    keys: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_API_KEY', 'GEMINI_API_KEY'],
    addresses: ['GOOGLE_BASE_URL'],
    otherNames: {
      IMAGE: ['GOOGLE_IMAGE_GENERATION_MODEL'],
      IMAGE_DESCRIPTION: ['GOOGLE_IMAGE_DESCRIPTION_MODEL', 'GOOGLE_IMAGE_MODEL'],
    },
  },
  {
    ...{ vendor: 'xai', label: 'xAI', prefix: 'XAI', kinds: [...TEXT, 'IMAGE'] },
    keys: ['XAI_API_KEY', 'GROK_API_KEY'],
    addresses: ['XAI_BASE_URL'],
    otherNames: { LARGE: ['XAI_LARGE_MODEL', 'XAI_MODEL'] },
  },
  {
    ...{ vendor: 'groq', label: 'Groq', prefix: 'GROQ', kinds: [...TEXT, 'TRANSCRIPTION', 'TTS'] },
    keys: ['GROQ_API_KEY'],
    addresses: ['GROQ_BASE_URL'],
  },
  {
    ...{ vendor: 'ollama', label: 'Ollama', prefix: 'OLLAMA', kinds: [...TEXT, 'EMBEDDING'] },
    keys: [],
    addresses: ['OLLAMA_API_ENDPOINT', 'OLLAMA_API_URL'],
  },
]

/** The vendor's own names for a kind of model, before the general ones such as `LARGE_MODEL`. */
export const modelNames = (
  { prefix, otherNames }: VendorNames,
  kind: ModelKind,
): readonly string[] => otherNames?.[kind] ?? [`${prefix}_${kind}_MODEL`]

/** Names that hold for whichever vendor answers, as in ElizaOS. */
export const generalNames = (kind: ModelKind): readonly string[] =>
  kind === 'SMALL' || kind === 'LARGE' ? [`${kind}_MODEL`] : []
