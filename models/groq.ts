import type { OpenaiDialect } from './openai-dialect.ts'
import { dialectVendor } from './openai-wire.ts'
import { settingNames } from './vendor-endpoint.ts'

/** The others answer 400 to a schema. */
const SCHEMA_MODEL = /gpt-oss|kimi-k2|llama-4/

const GROQ: OpenaiDialect = {
  name: 'groq',
  identity: {
    label: 'Groq',
    url: 'https://api.groq.com/openai/v1',
    names: settingNames('GROQ'),
    urlForm: 'and ends in its version path, such as /openai/v1',
  },
  tokenLimit: 'max_completion_tokens',
  // Its pages name the penalties, and say that no model of theirs knows them yet.
  takes: () => ['temperature', 'topP', 'seed', 'stopSequences'],
  hasJsonSchema: (model) => SCHEMA_MODEL.test(model),
  offers: ['transcribe', 'speak'],
  // Its speech models know no voice of OpenAI's, and write nothing but WAV.
  speech: { voice: 'autumn', format: 'wav' },
}

/** Groq, which hosts open models. */
export const createGroqVendor = dialectVendor(GROQ)
