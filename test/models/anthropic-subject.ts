import { createAnthropicVendor } from '../../models/anthropic.ts'
import { settingNames } from '../../models/vendor-endpoint.ts'
import { startStubAnthropic } from '../support/stub-anthropic.ts'
import { SCRIPTED_ERRORS, type VendorSubject } from './vendor-under-test.ts'

export const anthropicSubject: VendorSubject = {
  name: 'anthropic',
  model: 'test-model',
  names: settingNames('ANTHROPIC'),
  create: createAnthropicVendor,
  start: () => startStubAnthropic(),
  keyOf: ({ headers: { authorization } }) => String(authorization).replace('Bearer ', ''),
  errors: SCRIPTED_ERRORS,
  // The API refuses every other one, with every model.
  sampling: {
    maxTokens: 'max_tokens',
    stopSequences: 'stop_sequences',
    temperature: null,
    topP: null,
    topK: null,
    minP: null,
    seed: null,
    repetitionPenalty: null,
    frequencyPenalty: null,
    presencePenalty: null,
  },
  offers: {
    cachedTokens: true,
    tools: true,
    jsonSchema: (body) => Object(body).output_config?.format?.schema,
    images: ['bytes', 'url'],
    embed: false,
    draw: false,
    transcribe: false,
    speak: false,
  },
}
