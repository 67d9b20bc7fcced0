import type { ImageInput, ModelRequest } from '../agent/models.ts'

/** A request as ElizaOS's handlers of text, object and image description types take it. */
export function textParams(request: ModelRequest): Readonly<Record<string, unknown>> {
  const { purpose, prompt, system, images = [], json, model: _, tools: __, ...rest } = request
  const { stableLength: ___, ...sampling } = rest
  // ElizaOS's handlers have no place for it but the prompt.
  const whole = system ? `${system}\n\n${prompt}` : prompt
  const [image] = images
  if (purpose === 'IMAGE_DESCRIPTION') return { prompt: whole, imageUrl: image && urlOf(image) }
  const isObject = purpose === 'OBJECT_SMALL' || purpose === 'OBJECT_LARGE'
  return {
    ...{ prompt: whole, ...sampling },
    ...(isObject && { output: 'object', ...(json?.schema && { schema: json.schema }) }),
    ...(!isObject && json && { responseFormat: { type: 'json_object' } }),
    // It may answer with a stream; one that cannot ignores this.
    ...(!isObject && { stream: true }),
  }
}

function urlOf(image: ImageInput): string {
  if (image.kind === 'url') return image.url
  return `data:${image.mimeType};base64,${Buffer.from(image.data).toString('base64')}`
}
