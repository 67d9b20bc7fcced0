import { describe, expect, it } from '@jest/globals'
import { openaiDialect } from '../../models/openai.ts'
import { checkEndpoint } from '../../models/openai-endpoint.ts'
import { chatParams } from '../../models/openai-request.ts'
import { REQUEST } from './vendor-conformance.ts'

const limited = { ...REQUEST, maxTokens: 50 }

describe('OpenAI’s own endpoint', () => {
  it.each([undefined, 'https://api.openai.com/v1', 'https://eu.api.openai.com/v1/'])(
    'is limited by the name for tokens that its reasoning models accept: %p',
    (baseUrl) => {
      const dialect = openaiDialect(checkEndpoint({ baseUrl, apiKey: 'sk-test' }))
      expect(chatParams(limited, dialect)).toMatchObject({ max_completion_tokens: 50 })
      expect(chatParams(limited, dialect)).not.toHaveProperty('max_tokens')
    },
  )

  it.each(['http://127.0.0.1:11434/v1', 'https://api.openai.com.example.org/v1'])(
    'is not what another address is taken for: %s',
    (baseUrl) => {
      const dialect = openaiDialect(checkEndpoint({ baseUrl }))
      expect(chatParams(limited, dialect)).toMatchObject({ max_tokens: 50 })
      expect(chatParams(limited, dialect)).not.toHaveProperty('max_completion_tokens')
    },
  )
})
