import type { OpenaiFlavour } from '../support/stub-openai-errors.ts'
import { startStubOpenaiVendor } from '../support/stub-openai-vendor.ts'
import { SCRIPTED_ERRORS, type SeenRequest, type VendorSubject } from './vendor-under-test.ts'

type Own = Pick<VendorSubject, 'name' | 'names' | 'create'> & {
  readonly sampling?: Partial<VendorSubject['sampling']>
  readonly offers?: Partial<VendorSubject['offers']>
  readonly errors?: VendorSubject['errors']
  readonly model?: string
}

/** A vendor of OpenAI's wire: what differs from an old copy of it is given. */
export const openaiSubject = (flavour: OpenaiFlavour, own: Own): VendorSubject => ({
  model: 'test-model',
  errors: SCRIPTED_ERRORS,
  ...own,
  start: () => startStubOpenaiVendor(flavour),
  keyOf: ({ headers: { authorization } }: SeenRequest) =>
    String(authorization).replace('Bearer ', ''),
  sampling: {
    maxTokens: 'max_tokens',
    temperature: 'temperature',
    topP: 'top_p',
    topK: null,
    minP: null,
    seed: 'seed',
    repetitionPenalty: null,
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    stopSequences: 'stop',
    ...own.sampling,
  },
  offers: {
    cachedTokens: true,
    tools: true,
    jsonSchema: schemaIn,
    images: ['bytes', 'url'],
    embed: false,
    draw: false,
    transcribe: false,
    speak: false,
    ...own.offers,
  },
})

function schemaIn(body: unknown): unknown {
  // What the client under test sent as `response_format`.
  const { response_format: format } = body as {
    response_format?: { json_schema?: { schema?: unknown } }
  }
  return format?.json_schema?.schema
}
