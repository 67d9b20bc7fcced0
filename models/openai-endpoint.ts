import {
  checkedEndpoint,
  type EndpointSettings,
  settingNames,
  type VendorEndpoint,
  type VendorIdentity,
} from './vendor-endpoint.ts'

/** Where requests go, and with which key. */
export type OpenaiEndpoint = EndpointSettings

export const OPENAI_IDENTITY: VendorIdentity = {
  label: 'OpenAI',
  url: 'https://api.openai.com/v1',
  names: settingNames('OPENAI'),
  urlForm: 'and ends in its version path, such as /v1',
}

/**
 * OpenAI's variables may lead to any server that copied its wire at some time.
 *
 * @throws {ModelError} `model_not_configured`: the address or the key cannot be used in a request.
 */
export function checkEndpoint(settings: OpenaiEndpoint): VendorEndpoint {
  const endpoint = checkedEndpoint(OPENAI_IDENTITY, settings)
  return isOpenai(endpoint) ? endpoint : { ...endpoint, label: 'The OpenAI-compatible endpoint' }
}

/** OpenAI's own API, in any of its regions. */
export function isOpenai({ url }: VendorEndpoint): boolean {
  const { hostname } = new URL(url)
  return hostname === 'api.openai.com' || hostname.endsWith('.api.openai.com')
}
