import type Anthropic from '@anthropic-ai/sdk'
import type { ImageInput, ModelRequest, ToolSpec } from '../agent/models.ts'
import { decodedSchema, jsonInstruction } from './anthropic-json.ts'

type Params = Anthropic.MessageCreateParamsStreaming
type Block = Anthropic.TextBlockParam | Anthropic.ImageBlockParam

/** The wire wants a limit. What a model thinks counts towards it, so this is not only for the answer. */
const DEFAULT_MAX_TOKENS = 16_384

/** Models from Claude 5 on think before they write unless they are asked for little effort. */
const THINKS_BY_DEFAULT = /^claude-[a-z]+-[5-9]/
/** A limit up to this many tokens may go into thought alone, and the character would be mute. */
const TOO_FEW_FOR_THOUGHT = 8_192

/**
 * The body of `POST /v1/messages`. Temperature, topP and topK are left out: since its version 2026-10-21
 * the API answers 400 to each of them with every model, and a character's temperature must not make it
 * mute. The other parameters of sampling it never had.
 */
export function messageParams(request: ModelRequest): Params {
  const { model, maxTokens = DEFAULT_MAX_TOKENS } = request
  const system = systemText(request)
  const tools = request.tools?.map(tool) ?? []
  const stop_sequences = request.stopSequences?.filter((text) => text.trim() !== '') ?? []
  const output_config = outputConfig(request)
  return {
    model,
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: userBlocks(request) }],
    stream: true,
    ...(system !== '' && { system }),
    ...(tools.length > 0 && { tools }),
    ...(stop_sequences.length > 0 && { stop_sequences }),
    ...(output_config && { output_config }),
  }
}

const systemText = ({ system = '', json }: ModelRequest): string =>
  [system, json ? jsonInstruction(json.schema) : '']
    .filter((text) => text.trim() !== '')
    .join('\n\n')

/** The stable prefix stands before the pictures: what comes after the first difference is not cached. */
function userBlocks({ prompt, stableLength = 0, images = [] }: ModelRequest): Block[] {
  const [stable, rest] = cut(prompt, stableLength)
  const cached = {
    type: 'text' as const,
    text: stable,
    cache_control: { type: 'ephemeral' as const },
  }
  const blocks = [
    ...(stable === '' ? [] : [cached]),
    ...images.map(picture),
    ...(rest === '' ? [] : [{ type: 'text' as const, text: rest }]),
  ]
  return blocks.length > 0 ? blocks : [{ type: 'text', text: prompt }]
}

/** The vendor refuses blocks of white space, so neither part is one. */
function cut(prompt: string, stableLength: number): readonly [string, string] {
  // Not between the halves of an emoji.
  const isPair = /[\uD800-\uDBFF]/.test(prompt[stableLength - 1] ?? '')
  const at = isPair ? stableLength - 1 : stableLength
  const [stable, rest] = [prompt.slice(0, at), prompt.slice(at)]
  if (stable.trim() === '') return ['', prompt.trim() === '' ? '' : prompt]
  return rest.trim() === '' ? [prompt, ''] : [stable, rest]
}

function picture(image: ImageInput): Anthropic.ImageBlockParam {
  if (image.kind === 'bytes') {
    return inlinePicture(image.mimeType, Buffer.from(image.data).toString('base64'))
  }
  const [, mimeType, data] = /^data:([\w/+.-]+);base64,(.*)$/s.exec(image.url) ?? []
  return mimeType !== undefined && data !== undefined
    ? inlinePicture(mimeType, data)
    : { type: 'image', source: { type: 'url', url: image.url } }
}

function inlinePicture(mimeType: string, data: string): Anthropic.ImageBlockParam {
  const name = mimeType === 'image/jpg' ? 'image/jpeg' : mimeType
  // The vendor says best which types it takes.
  const media_type = name as Anthropic.Base64ImageSource['media_type']
  return { type: 'image', source: { type: 'base64', media_type, data } }
}

/** The vendor refuses alternatives at the top of a tool's schema; what is left out only says less. */
function tool({ name, description, parameters }: ToolSpec): Anthropic.Tool {
  const { anyOf: _any, oneOf: _one, allOf: _all, ...schema } = parameters
  return { name, description, input_schema: { ...schema, type: 'object' } }
}

function outputConfig(request: ModelRequest): Anthropic.OutputConfig | undefined {
  const schema = request.json?.schema && decodedSchema(request.json.schema)
  const isTerse = THINKS_BY_DEFAULT.test(request.model) && isShort(request)
  if (!schema && !isTerse) return undefined
  return {
    ...(schema && { format: { type: 'json_schema', schema } }),
    ...(isTerse && { effort: 'low' as const }),
  }
}

const isShort = ({ purpose, maxTokens }: ModelRequest): boolean =>
  purpose === 'TEXT_SMALL' ||
  purpose === 'OBJECT_SMALL' ||
  (maxTokens !== undefined && maxTokens <= TOO_FEW_FOR_THOUGHT)
