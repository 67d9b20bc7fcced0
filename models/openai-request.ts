import type OpenAI from 'openai'
import type { ImageInput, ModelRequest } from '../agent/models.ts'
import { type ChatParams, type OpenaiDialect, samplingOf } from './openai-dialect.ts'

type UserContent = OpenAI.Chat.Completions.ChatCompletionUserMessageParam['content']

/** The body of `POST /chat/completions`. */
export function chatParams(request: ModelRequest, dialect: OpenaiDialect): ChatParams {
  const { format, words } = jsonOf(request, dialect)
  const system = [request.system, words].filter(Boolean).join('\n\n')
  return {
    model: request.model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
      { role: 'user', content: contentOf(request) },
    ],
    stream: true,
    // Without it no usage comes with a stream, and the ledger would have to guess.
    stream_options: { include_usage: true },
    ...dialect.extras,
    ...samplingOf(request, dialect),
    ...(request.tools?.length && {
      tools: request.tools.map(toolOf),
      ...dialect.withTools?.(request.model),
    }),
    ...(format && { response_format: format }),
  }
}

function contentOf({ prompt, images = [] }: ModelRequest): UserContent {
  if (images.length === 0) return prompt
  return [
    { type: 'text', text: prompt },
    ...images.map((image) => ({ type: 'image_url' as const, image_url: { url: urlOf(image) } })),
  ]
}

const urlOf = (image: ImageInput): string =>
  image.kind === 'url'
    ? image.url
    : `data:${image.mimeType};base64,${Buffer.from(image.data).toString('base64')}`

const toolOf = ({
  name,
  description,
  parameters,
}: NonNullable<ModelRequest['tools']>[number]): OpenAI.Chat.Completions.ChatCompletionTool => ({
  type: 'function',
  function: { name, description, parameters },
})

interface JsonWish {
  readonly format?: ChatParams['response_format']
  /** Added to the system text. */
  readonly words?: string
}

function jsonOf(request: ModelRequest, dialect: OpenaiDialect): JsonWish {
  if (request.json === undefined) return {}
  const { schema } = request.json
  // OpenAI answers 400 to this form when no message has the word JSON in it.
  if (!schema) return { format: { type: 'json_object' }, words: 'Answer with one JSON object.' }
  const isObject = schema.type === 'object'
  if (isObject && dialect.hasJsonSchema(request.model)) {
    return { format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }
  }
  const words = `Answer with one JSON value, and nothing else, of this JSON Schema:\n${JSON.stringify(schema)}`
  // The wire's forms have no other root than an object.
  return isObject ? { format: { type: 'json_object' }, words } : { words }
}
