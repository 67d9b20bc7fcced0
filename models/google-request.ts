import type { Content, GenerateContentConfig, Part } from '@google/genai/web'
import type { ImageInput, ModelRequest, SamplingParams, ToolSpec } from '../agent/models.ts'

/** Google answers 400 to more. */
const MAX_STOP_SEQUENCES = 5

/** By the end of an address: Google wants to be told what is there. */
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
}

/** The prompt stands before the pictures: what prompts have in common is their beginning. */
export const contentsOf = ({ prompt, images = [] }: ModelRequest): Content[] => [
  { role: 'user', parts: [{ text: prompt }, ...images.map(imagePart)] },
]

/** Google knows types by their bare names, without `; codecs=opus`. */
export const bytesPart = (data: Uint8Array, mimeType: string): Part => ({
  inlineData: {
    data: Buffer.from(data).toString('base64'),
    mimeType: mimeType.replace(/\s*;.*$/s, ''),
  },
})

function imagePart(image: ImageInput): Part {
  if (image.kind === 'bytes') return bytesPart(image.data, image.mimeType)
  const inline = /^data:([\w/+.-]+);base64,(.*)$/s.exec(image.url)
  if (inline) return { inlineData: { mimeType: inline[1] ?? '', data: inline[2] ?? '' } }
  const ending = /\.(\w+)$/.exec(URL.parse(image.url)?.pathname ?? '')?.[1]?.toLowerCase() ?? ''
  return { fileData: { fileUri: image.url, mimeType: IMAGE_TYPES[ending] ?? 'image/jpeg' } }
}

export const generateConfig = (
  { system, tools, json, ...sampling }: ModelRequest,
  signal: AbortSignal,
): GenerateContentConfig => ({
  ...singleRequest(signal),
  ...(system && { systemInstruction: system }),
  ...samplingConfig(sampling),
  ...(tools?.length && { tools: [{ functionDeclarations: tools.map(declaration) }] }),
  // Both together are refused, and the tools say what is wanted.
  ...(json && !tools?.length && jsonConfig(json)),
})

/** By default the client asks again, and pays again, for answers that it takes to be unfinished. */
export const singleRequest = (signal: AbortSignal): GenerateContentConfig => ({
  abortSignal: signal,
  automaticContinuation: false,
})

/** Penalties are left out: Google answers 400 (`Penalty is not enabled for …`) for almost all models. */
function samplingConfig(sampling: SamplingParams): GenerateContentConfig {
  const { maxTokens, temperature, topP, topK, seed, stopSequences } = sampling
  return {
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    ...(stopSequences?.length && { stopSequences: stopSequences.slice(0, MAX_STOP_SEQUENCES) }),
  }
}

const declaration = ({ name, description, parameters }: ToolSpec) => ({
  name,
  description,
  parametersJsonSchema: parameters,
})

const jsonConfig = ({ schema }: NonNullable<ModelRequest['json']>): GenerateContentConfig => ({
  responseMimeType: 'application/json',
  ...(schema && { responseJsonSchema: schema }),
})
