import {
  checkedEndpoint,
  type EndpointSettings,
  settingNames,
  type VendorEndpoint,
  type VendorIdentity,
} from './vendor-endpoint.ts'

/** Where a server is that nobody has configured. */
export const OLLAMA_URL = 'http://127.0.0.1:11434'

export const OLLAMA: VendorIdentity = {
  label: 'Ollama',
  url: OLLAMA_URL,
  names: settingNames('OLLAMA', { baseUrl: 'OLLAMA_API_ENDPOINT' }),
  urlForm: `such as ${OLLAMA_URL}`,
}

/**
 * ElizaOS's address ends in `/api`, others copy one that ends in `/v1`; the client adds `/api` itself.
 *
 * @throws {ModelError} `model_not_configured`: the address or the key cannot be used in a request.
 */
export function ollamaEndpoint(settings: EndpointSettings): VendorEndpoint {
  const endpoint = checkedEndpoint(OLLAMA, settings)
  return { ...endpoint, url: endpoint.url.replace(/\/(?:api|v1)$/, '') }
}
