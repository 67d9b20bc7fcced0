import Anthropic from '@anthropic-ai/sdk'
import { anthropicRefusal } from './anthropic-error.ts'
import {
  checkedEndpoint,
  type EndpointSettings,
  settingNames,
  type VendorEndpoint,
} from './vendor-endpoint.ts'
import { vendorFetch } from './vendor-fetch.ts'

const IDENTITY = {
  label: 'Anthropic',
  url: 'https://api.anthropic.com',
  names: settingNames('ANTHROPIC'),
  urlForm: "that speaks Anthropic's wire",
}

export interface AnthropicConnection {
  readonly client: Anthropic
  readonly endpoint: VendorEndpoint
}

/**
 * @param maxBytes of one answer
 * @throws {ModelError} `model_not_configured`: the address or the key cannot be used in a request.
 */
export function connectAnthropic(
  settings: EndpointSettings,
  maxBytes: number,
): AnthropicConnection {
  const endpoint = checkedEndpoint(IDENTITY, settings)
  const { hostname } = new URL(endpoint.url)
  const isAnthropic = hostname === 'anthropic.com' || hostname.endsWith('.anthropic.com')
  const label = isAnthropic ? IDENTITY.label : 'The Anthropic-compatible endpoint'
  return { endpoint: { ...endpoint, label }, client: clientOf(endpoint, isAnthropic, maxBytes) }
}

function clientOf(
  { url, apiKey }: VendorEndpoint,
  isAnthropic: boolean,
  maxBytes: number,
): Anthropic {
  const keys = {
    authorization: `Bearer ${apiKey ?? 'none'}`,
    // Servers that copied the wire before October 2026 look for the key here only.
    ...(apiKey !== undefined && !isAnthropic && { 'x-api-key': apiKey }),
  }
  return new Anthropic({
    // The client adds `/v1` itself; ElizaOS's variable ends in it.
    baseURL: url.replace(/\/v1$/, ''),
    // Without a key the client would look for other credentials, in variables and in files.
    apiKey: apiKey ?? 'none',
    fetch: vendorFetch({
      mediaType: () => 'text/event-stream',
      maxBytes,
      refusal: anthropicRefusal,
      prepare: (init) => ({ ...init, headers: { ...clientHeaders(init.headers), ...keys } }),
    }),
    // One layer retries, and it is Temporal.
    maxRetries: 0,
    // Its log and its traces would show prompts, by environment variables that are not ours.
    logLevel: 'off',
    openTelemetry: false,
    webhookKey: null,
  })
}

/** What the client itself puts into a request, keys left out. */
const CLIENT_HEADERS =
  /^(?:accept|anthropic-version|content-type|user-agent|x-stainless-(?!helper)[\w-]+)$/

/**
 * The client adds the headers in ANTHROPIC_CUSTOM_HEADERS and cannot be told not to. They may carry the
 * operator's secrets, and an agent's settings may lead to anybody's address.
 */
const clientHeaders = (all: RequestInit['headers']): Readonly<Record<string, string>> =>
  Object.fromEntries([...new Headers(all)].filter(([name]) => CLIENT_HEADERS.test(name)))
