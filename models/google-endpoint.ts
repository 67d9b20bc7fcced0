import {
  checkedEndpoint,
  type EndpointSettings,
  settingNames,
  type VendorEndpoint,
  type VendorIdentity,
} from './vendor-endpoint.ts'

/** Google's Developer API; not Vertex. */
export const GOOGLE: VendorIdentity = {
  label: 'Google',
  url: 'https://generativelanguage.googleapis.com',
  names: settingNames('GOOGLE', { apiKey: 'GOOGLE_GENERATIVE_AI_API_KEY' }),
}

/**
 * The version path, which many copy with the address, is left to the client.
 *
 * @throws {ModelError} `model_not_configured`: the address or the key cannot be used in a request.
 */
export function googleEndpoint(settings: EndpointSettings): VendorEndpoint {
  const endpoint = checkedEndpoint(GOOGLE, settings)
  return { ...endpoint, url: endpoint.url.replace(/\/v1(?:beta)?$/, '') }
}
