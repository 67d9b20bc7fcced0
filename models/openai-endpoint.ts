import { ModelError } from '../agent/errors.ts'
import { redactKeys } from './redact-keys.ts'

/** Where requests go, and with which key. */
export interface OpenaiEndpoint {
  /** Absent: OpenAI's own. */
  readonly baseUrl?: string
  /** May be absent where `baseUrl` is set: many local servers want none. */
  readonly apiKey?: string
}

const OPENAI_URL = 'https://api.openai.com/v1'

/** An endpoint that was checked: what a client and its error messages need. */
export interface CheckedEndpoint {
  readonly url: string
  /** For messages: the URL itself may carry secrets in its query. */
  readonly host: string
  readonly apiKey: string | undefined
  /** OpenAI's own API, in any of its regions. */
  readonly isOpenai: boolean
}

/** @throws {ModelError} `model_not_configured`: the address or the key cannot be used in a request. */
export function checkEndpoint({ baseUrl = OPENAI_URL, apiKey }: OpenaiEndpoint): CheckedEndpoint {
  const url = URL.parse(baseUrl)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // A key that was pasted into the wrong setting must not be shown.
    const value = redactKeys(baseUrl, apiKey)
    throw notConfigured(`OPENAI_BASE_URL is '${value}'. Set it to an http or https address.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw notConfigured(
      'OPENAI_BASE_URL contains a user or a password. Set OPENAI_API_KEY instead.',
    )
  }
  // Node's own error for such a header quotes the key.
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw notConfigured(
      'OPENAI_API_KEY contains a space, a line break or a non-ASCII character. Copy it again.',
    )
  }
  const isOpenai = url.hostname === 'api.openai.com' || url.hostname.endsWith('.api.openai.com')
  return { url: baseUrl.replace(/\/+$/, ''), host: url.host, apiKey, isOpenai }
}

const notConfigured = (message: string) =>
  new ModelError(message, { code: 'model_not_configured', retryable: false })
