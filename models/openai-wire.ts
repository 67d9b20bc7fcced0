import type { ModelVendor } from '../agent/models.ts'
import { generate } from './openai-chat.ts'
import { connect, type OpenaiLimits } from './openai-connection.ts'
import type { OpenaiDialect } from './openai-dialect.ts'
import { drawInChat } from './openai-draw.ts'
import { embed } from './openai-embed.ts'
import { draw, speak, transcribe } from './openai-media.ts'
import { checkedEndpoint, type EndpointSettings, type VendorEndpoint } from './vendor-endpoint.ts'

/** A vendor that speaks OpenAI's wire in a dialect. */
export function wireVendor(
  endpoint: VendorEndpoint,
  dialect: OpenaiDialect,
  limits: Partial<OpenaiLimits> = {},
): ModelVendor {
  const connection = connect({ endpoint, dialect, limits })
  const all: Required<ModelVendor> = {
    name: dialect.name,
    generate: (request, options) => generate(connection, request, options),
    embed: (request, options) => embed(connection, request, options),
    draw: (request, options) =>
      (dialect.draws === 'chat' ? drawInChat : draw)(connection, request, options),
    transcribe: (request, options) => transcribe(connection, request, options),
    speak: (request, options) => speak(connection, request, options),
  }
  const { name, generate: answer } = all
  const offered = dialect.offers.map((method) => [method, all[method]])
  return { name, generate: answer, ...Object.fromEntries(offered) }
}

/** @throws {ModelError} `model_not_configured` when the address or the key cannot be used. */
export const dialectVendor =
  (dialect: OpenaiDialect) =>
  (settings: EndpointSettings, limits: Partial<OpenaiLimits> = {}): ModelVendor =>
    wireVendor(checkedEndpoint(dialect.identity, settings), dialect, limits)
