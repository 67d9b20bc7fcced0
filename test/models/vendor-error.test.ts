import { describe, expect, it } from '@jest/globals'
import { keyOwner, redactKeys } from '../../models/redact-keys.ts'
import { settingNames, type VendorEndpoint } from '../../models/vendor-endpoint.ts'
import { vendorError } from '../../models/vendor-error.ts'
import type { Refusal } from '../../models/vendor-refusal.ts'

const endpoint: VendorEndpoint = {
  label: 'Acme',
  url: 'https://api.acme.example/v1',
  host: 'api.acme.example',
  apiKey: 'the-key',
  names: settingNames('ACME'),
  urlForm: 'and ends in its version path, such as /v1',
}
const call = { endpoint, model: 'acme-1', purpose: 'TEXT_SMALL' } as const
const refused = (refusal: Refusal, at = endpoint) =>
  vendorError({ kind: 'refusal', ...refusal }, { ...call, endpoint: at })

describe('what vendors say to a prompt that is too long', () => {
  it.each([
    [400, "This model's maximum context length is 8192 tokens."],
    [400, 'prompt is too long: 210000 tokens > 200000 maximum'],
    [400, 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'],
    [
      400,
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    ],
    [400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens."],
    [400, 'Please reduce the length of the messages or completion.'],
    [413, 'Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000'],
    [
      429,
      'Request too large for m in organization o on tokens per min (TPM): Limit 1, Requested 2',
    ],
    [400, 'the request exceeds the available context size, try increasing it'],
    [undefined, 'Input is too long for requested model.'],
  ])('is understood: %s %s', (status, message) => {
    const error = refused({ status, message })
    expect(error).toMatchObject({ code: 'prompt_too_long', retryable: false })
    expect(error.message).toMatch(/Acme at 'api\.acme\.example'.*shorten.*ACME_SMALL_MODEL/)
  })

  it('is not read into an outage', () => {
    const message = 'Upstream: maximum context length service is down'
    expect(refused({ status: 503, message })).toMatchObject({ code: 'model_unavailable' })
  })
})

describe('what vendors say to what they will not answer', () => {
  it.each([
    [400, { code: 'content_filter' }],
    [400, { code: 'content_policy_violation' }],
    [400, { code: 'moderation_blocked' }],
    [400, { message: 'The response was filtered due to the content management policy.' }],
    [400, { message: 'Output blocked by content filtering policy' }],
    [403, { message: 'm requires moderation on A. Your input was flagged for "violence".' }],
    [403, { message: 'Content violates usage guidelines.' }],
    [400, { message: 'Your request was rejected by our safety system.' }],
  ])('is understood: %i %p', (status, more) => {
    const error = refused({ status, message: 'no', ...more })
    expect(error).toMatchObject({ code: 'model_refused', retryable: false })
    expect(error.message).toMatch(/content filter.*ACME_SMALL_MODEL/)
  })

  it('can be told without any status', () => {
    const error = vendorError({ kind: 'blocked', reason: 'PROHIBITED_CONTENT' }, call)
    expect(error).toMatchObject({ code: 'model_refused', retryable: false })
    expect(error.message).toContain('PROHIBITED_CONTENT')
  })
})

describe('what vendors say to a wrong key', () => {
  it.each([
    [401, { message: 'no' }],
    [403, { message: 'no' }],
    [400, { message: 'API key not valid. Please pass a valid API key.' }],
    [400, { message: 'Incorrect API key provided: xa***. ' }],
    [400, { message: 'bad', code: 'API_KEY_INVALID' }],
    [undefined, { message: 'invalid x-api-key', type: 'authentication_error' }],
  ])('names the variable and the vendor: %s %p', (status, more) => {
    const error = refused({ status, ...more })
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
    expect(error.message).toMatch(/^Acme at .*ACME_API_KEY is a valid key of 'api\.acme\.example'/)
  })

  it.each([
    ['sk-ant-api03-x', 'Anthropic'],
    ['sk-or-v1-x', 'OpenRouter'],
    ['gsk_x', 'Groq'],
    ['xai-x', 'xAI'],
    ['AIzaSyx', 'Google'],
    ['sk-proj-x', 'OpenAI'],
  ])('says whose it seems to be: %s', (apiKey, owner) => {
    const error = refused({ status: 401, message: 'no' }, { ...endpoint, apiKey })
    expect(error.message).toContain(`looks like a key of ${owner}.`)
    expect(error.message).not.toContain(apiKey)
    expect(keyOwner(apiKey)).toBe(owner)
  })

  it('has no doubt about a key of its own, or of no known shape', () => {
    const own = { ...endpoint, label: 'Groq', apiKey: 'gsk_x' }
    expect(refused({ status: 401, message: 'no' }, own).message).not.toContain('looks like')
    expect(refused({ status: 401, message: 'no' }).message).not.toContain('looks like')
  })

  it('asks for one where there is none', () => {
    const error = refused({ status: 401, message: 'no' }, { ...endpoint, apiKey: undefined })
    expect(error.message).toContain("Set ACME_API_KEY to a key of 'api.acme.example'.")
  })
})

describe('what vendors say when the money is gone', () => {
  it.each([
    [402, { message: 'Insufficient credits' }],
    [429, { message: 'no', code: 'insufficient_quota' }],
    [400, { message: 'Your credit balance is too low to access the API.' }],
    [403, { message: 'Your team has used all available credits.' }],
    [400, { message: 'no', code: 'billing_hard_limit_reached' }],
  ])('is not asked again: %i %p', (status, more) => {
    const error = refused({ status, ...more })
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
    expect(error.message).toMatch(/behind ACME_API_KEY has no credit left/)
  })
})

describe('what vendors say to an unknown model', () => {
  it.each([
    [404, { message: 'no' }],
    [400, { message: 'acme-1 is not a valid model ID' }],
    [400, { message: 'The model `acme-1` does not exist' }],
    [404, { message: "model 'acme-1' not found, try pulling it first" }],
    [undefined, { message: 'no', code: 'model_not_found' }],
    [400, { message: 'It has been shut down.', code: 'model_decommissioned' }],
  ])('names the variable, and doubts the address: %s %p', (status, more) => {
    const error = refused({ status, ...more })
    expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
    expect(error.message).toMatch(
      /'acme-1'.*Set ACME_SMALL_MODEL .*ACME_BASE_URL .*version path, such as \/v1\./,
    )
  })
})

describe('a vendor that cannot be reached', () => {
  const isUnsent = (cause: unknown) => vendorError({ kind: 'unreachable', cause }, call).isUnsent

  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('was sent nothing, and bills nothing: %s', (code) => {
    expect(isUnsent({ cause: { code, syscall: 'connect' } })).toBe(true)
    expect(isUnsent({ cause: { code } })).toBe(true)
  })

  it.each([
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'UND_ERR_SOCKET',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    undefined,
  ])('may have been sent everything: %s', (code) => {
    expect(isUnsent({ cause: { code } })).toBeUndefined()
  })

  it('may have been sent everything when the way broke down under a connection', () => {
    expect(isUnsent({ cause: { code: 'EHOSTUNREACH', syscall: 'read' } })).toBeUndefined()
    expect(isUnsent({ cause: { code: 'ENETUNREACH', syscall: 'write' } })).toBeUndefined()
  })

  it.each(['CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])(
    'for its certificate is not asked again: %s',
    (code) => {
      const error = vendorError({ kind: 'unreachable', cause: { code } }, call)
      expect(error).toMatchObject({ code: 'model_rejected', retryable: false })
      expect(error.message).toContain('NODE_EXTRA_CA_CERTS')
    },
  )
})

describe('what vendors say to too much at once', () => {
  it('is obeyed where they say it in the body, too', () => {
    const error = refused({ status: 429, message: 'slower', retryAfterMs: 22_000 })
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 22_000 })
  })
})

describe('a text that goes into an error', () => {
  it.each([
    'sk-proj-aB3_x',
    'sk-ant-api03-aB3_x',
    'sk-or-v1-aB3',
    'gsk_aB3x',
    'xai-aB3x',
    'AIzaSyaB3_x',
    'AQ.aB3_xyz123',
    'Bearer aB3x',
    'ab***B3x',
    'https://x.example/?key=aB3x&alt=sse',
  ])('shows nothing of a key: %s', (secret) => {
    expect(redactKeys(`It was ${secret} there.`, undefined)).not.toContain('B3')
    expect(redactKeys(`It was ${secret} there.`, undefined)).toMatch(/^It was .*\[key\].* there\.$/)
  })

  it('shows nothing of the configured key, whatever its shape', () => {
    expect(redactKeys('a+b? a+b?', 'a+b?')).toBe('[key] [key]')
  })

  it('is left as it is where there is no key', () => {
    const text = 'The task-force of the risk-averse used a pk of 3, *twice*.'
    expect(redactKeys(text, 'the-key')).toBe(text)
    expect(redactKeys(text, '')).toBe(text)
  })
})
