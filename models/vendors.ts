import type { ModelPurpose, ModelVendor } from '../agent/models.ts'
import type { ModelKind, VendorName } from '../schema/model-vendors.ts'
import type { EndpointSettings } from './vendor-endpoint.ts'

/** A vendor's file, and the models of it that are asked when no setting names one. */
export interface VendorEntry {
  /** Of its own address. */
  readonly host: string
  readonly defaults: Partial<Readonly<Record<ModelKind, string>>>
  /** Its client is loaded with it: 10 to 170 ms and 7 to 35 MB each, once per process. */
  load(): Promise<(endpoint: EndpointSettings) => ModelVendor>
}

/**
 * Current models that the vendors' packages (openai 7.55, @anthropic-ai/sdk 1.12) list; of the others,
 * what the price list has, but for sound and xAI's pictures, which are not billed by the token. By
 * OpenAI's notices gpt-4o-mini-tts ends on 2027-01-06 and gpt-4o-mini-transcribe on 2027-02-26. Groq has
 * shut down its models that the price list has and that see (2026-07-17).
 */
export const VENDORS: Readonly<Record<VendorName, VendorEntry>> = {
  anthropic: {
    host: 'api.anthropic.com',
    defaults: {
      ...{ SMALL: 'claude-haiku-4-5', LARGE: 'claude-sonnet-5' },
      ...{ REASONING_SMALL: 'claude-sonnet-5', REASONING_LARGE: 'claude-opus-5' },
      IMAGE_DESCRIPTION: 'claude-haiku-4-5',
    },
    load: async () => (await import('./anthropic.ts')).createAnthropicVendor,
  },
  openrouter: {
    host: 'openrouter.ai',
    defaults: {
      ...{ SMALL: 'google/gemini-3.1-flash-lite', LARGE: 'anthropic/claude-sonnet-5' },
      ...{
        REASONING_SMALL: 'anthropic/claude-sonnet-5',
        REASONING_LARGE: 'anthropic/claude-opus-5',
      },
      ...{
        IMAGE_DESCRIPTION: 'google/gemini-3.1-flash-lite',
        IMAGE: 'google/gemini-3.1-flash-image',
      },
      EMBEDDING: 'openai/text-embedding-3-small',
    },
    load: async () => (await import('./openrouter.ts')).createOpenrouterVendor,
  },
  openai: {
    host: 'api.openai.com',
    defaults: {
      ...{ SMALL: 'gpt-5.4-mini', LARGE: 'gpt-5.4' },
      ...{ REASONING_SMALL: 'gpt-5.4-mini', REASONING_LARGE: 'gpt-5.5' },
      ...{ IMAGE_DESCRIPTION: 'gpt-5.4-mini', IMAGE: 'gpt-image-2' },
      ...{ EMBEDDING: 'text-embedding-3-small', TTS: 'gpt-4o-mini-tts' },
      TRANSCRIPTION: 'gpt-4o-mini-transcribe',
    },
    load: async () => (await import('./openai.ts')).createOpenaiVendor,
  },
  google: {
    host: 'generativelanguage.googleapis.com',
    defaults: {
      ...{ SMALL: 'gemini-3.1-flash-lite', LARGE: 'gemini-3.6-flash' },
      ...{ REASONING_SMALL: 'gemini-3.6-flash', REASONING_LARGE: 'gemini-3.6-flash' },
      ...{ IMAGE_DESCRIPTION: 'gemini-3.1-flash-lite', IMAGE: 'gemini-3.1-flash-image' },
      ...{ EMBEDDING: 'gemini-embedding-001', TTS: 'gemini-2.5-flash-preview-tts' },
      TRANSCRIPTION: 'gemini-3.1-flash-lite',
    },
    load: async () => (await import('./google.ts')).createGoogleVendor,
  },
  xai: {
    host: 'api.x.ai',
    defaults: {
      ...{ SMALL: 'grok-4.3', LARGE: 'grok-4.5' },
      ...{ REASONING_SMALL: 'grok-4.3', REASONING_LARGE: 'grok-4.5' },
      ...{ IMAGE_DESCRIPTION: 'grok-4.3', IMAGE: 'grok-imagine-image' },
    },
    load: async () => (await import('./xai.ts')).createXaiVendor,
  },
  groq: {
    host: 'api.groq.com',
    defaults: {
      ...{ SMALL: 'openai/gpt-oss-20b', LARGE: 'openai/gpt-oss-120b' },
      ...{ REASONING_SMALL: 'openai/gpt-oss-20b', REASONING_LARGE: 'openai/gpt-oss-120b' },
      ...{ TRANSCRIPTION: 'whisper-large-v3-turbo', TTS: 'canopylabs/orpheus-v1-english' },
    },
    load: async () => (await import('./groq.ts')).createGroqVendor,
  },
  // Its models are what somebody has pulled.
  ollama: {
    host: '127.0.0.1:11434',
    defaults: {},
    load: async () => (await import('./ollama.ts')).createOllamaVendor,
  },
}

/** Which settings name the model of a purpose, the nearest first. */
export const KINDS_OF: Readonly<Record<ModelPurpose, readonly ModelKind[]>> = {
  TEXT_SMALL: ['SMALL'],
  TEXT_LARGE: ['LARGE'],
  TEXT_COMPLETION: ['LARGE'],
  REASONING_SMALL: ['REASONING_SMALL', 'SMALL'],
  REASONING_LARGE: ['REASONING_LARGE', 'LARGE'],
  OBJECT_SMALL: ['SMALL'],
  OBJECT_LARGE: ['LARGE'],
  IMAGE_DESCRIPTION: ['IMAGE_DESCRIPTION'],
  TEXT_EMBEDDING: ['EMBEDDING'],
  IMAGE: ['IMAGE'],
  TRANSCRIPTION: ['TRANSCRIPTION'],
  TEXT_TO_SPEECH: ['TTS'],
}

const METHODS: Partial<Readonly<Record<ModelPurpose, 'embed' | 'draw' | 'transcribe' | 'speak'>>> =
  {
    TEXT_EMBEDDING: 'embed',
    IMAGE: 'draw',
    TRANSCRIPTION: 'transcribe',
    TEXT_TO_SPEECH: 'speak',
  }

/** Whether its file can do it at all. */
export function canAnswer(vendor: ModelVendor, purpose: ModelPurpose): boolean {
  const method = METHODS[purpose]
  return method === undefined || vendor[method] !== undefined
}
