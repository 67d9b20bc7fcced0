import type { ChatRequest } from 'ollama'
import type { ImageInput, ModelRequest, SamplingParams } from '../agent/models.ts'
import { type VendorCall, vendorError } from './vendor-error.ts'

type Streamed = ChatRequest & {
  readonly stream: true
  readonly truncate: false
  readonly shift: false
}

/**
 * The body of `POST /api/chat`.
 *
 * @throws {ModelError} `model_rejected`: a picture is an address.
 */
export function chatRequest(
  request: ModelRequest,
  contextTokens: number,
  call: VendorCall,
): Streamed {
  const { model, system, prompt, images, tools, json } = request
  return {
    model,
    messages: [
      ...(system ? [{ role: 'system', content: system }] : []),
      {
        role: 'user',
        content: prompt,
        ...(images?.length && { images: images.map((image) => bytesOf(image, call)) }),
      },
    ],
    stream: true,
    // What does not fit is refused, not cut off; older servers do not know these and cut.
    truncate: false,
    shift: false,
    ...(tools?.length && {
      tools: tools.map((tool) => ({ type: 'function', function: { ...tool } })),
    }),
    ...(json && { format: json.schema ?? 'json' }),
    options: { num_ctx: contextTokens, ...samplingOptions(request) },
  }
}

function bytesOf(image: ImageInput, call: VendorCall): Uint8Array {
  if (image.kind === 'bytes') return image.data
  const inline = /^data:[^,]*;base64,(.*)$/s.exec(image.url)?.[1]
  if (inline !== undefined) return Buffer.from(inline, 'base64')
  const message = 'it takes pictures as bytes, and fetches none from an address'
  const type = 'invalid_request_error'
  throw vendorError({ kind: 'refusal', isUnsent: true, type, message }, call)
}

function samplingOptions(sampling: SamplingParams): NonNullable<ChatRequest['options']> {
  const { maxTokens, temperature, topP, topK, minP, seed, stopSequences } = sampling
  const { repetitionPenalty, frequencyPenalty, presencePenalty } = sampling
  return {
    ...(maxTokens !== undefined && { num_predict: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(minP !== undefined && { min_p: minP }),
    ...(seed !== undefined && { seed }),
    ...(repetitionPenalty !== undefined && { repeat_penalty: repetitionPenalty }),
    ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
    ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
    ...(stopSequences?.length && { stop: [...stopSequences] }),
  }
}
