import {
  MODEL_KINDS,
  MODEL_VENDORS,
  modelNames,
  type VendorNames,
} from '../schema/model-vendors.ts'
import type { SettingValues } from './setting-values.ts'
import type { EndpointSettings } from './vendor-endpoint.ts'
import { VENDORS } from './vendors.ts'

/** A vendor that may be asked, and how it is reached. */
export interface ConfiguredVendor {
  readonly names: VendorNames
  readonly endpoint: EndpointSettings
  readonly host: string
  /** Not the vendor's own address: what its models are called there is not known. */
  readonly isElsewhere: boolean
  /** By the agent's own settings. */
  readonly isOwn: boolean
}

/** Those that have a key or an address: the agent's own first, each in the default order. */
export function configuredVendors(values: SettingValues): readonly ConfiguredVendor[] {
  const all = MODEL_VENDORS.flatMap((names) => configured(names, values) ?? [])
  return [...all.filter(({ isOwn }) => isOwn), ...all.filter(({ isOwn }) => !isOwn)]
}

/** Whether the agent brings the key or the address: then it has chosen, whatever the environment says. */
export const isBrought = ({ isOwn, endpoint }: ConfiguredVendor): boolean =>
  isOwn && (endpoint.apiKey ?? endpoint.baseUrl) !== undefined

function configured(names: VendorNames, values: SettingValues): ConfiguredVendor | undefined {
  const endpoint = endpointOf(names, values)
  if (endpoint) return withHost(names, endpoint)
  if (names.vendor !== 'ollama') return undefined
  // It needs neither key nor address: that somebody names a model of it says enough.
  const model = values.find(MODEL_KINDS.flatMap((kind) => modelNames(names, kind)))
  return model && withHost(names, { isOwn: model.isOwn })
}

/** Ollama where it is when nobody has configured it. */
export function usualOllama(): ConfiguredVendor | undefined {
  const names = MODEL_VENDORS.find(({ vendor }) => vendor === 'ollama')
  return names && withHost(names, { isOwn: false })
}

interface FoundEndpoint extends EndpointSettings {
  readonly isOwn: boolean
}

/** The environment's key never goes to an address that an agent's settings name: those are not the operator's. */
function endpointOf(
  { keys, addresses }: VendorNames,
  values: SettingValues,
): FoundEndpoint | undefined {
  const ownUrl = values.own(addresses)?.text
  const ownKey = values.own(keys)?.text
  if (ownUrl !== undefined) {
    return { baseUrl: ownUrl, ...(ownKey && { apiKey: ownKey }), isOwn: true }
  }
  const baseUrl = values.environment(addresses)?.text
  const apiKey = ownKey ?? values.environment(keys)?.text
  if (baseUrl === undefined && apiKey === undefined) return undefined
  return { ...(baseUrl && { baseUrl }), ...(apiKey && { apiKey }), isOwn: ownKey !== undefined }
}

function withHost(names: VendorNames, { isOwn, ...endpoint }: FoundEndpoint): ConfiguredVendor {
  const own = VENDORS[names.vendor].host
  // An address that cannot be read is for the vendor's file to refuse, in its words.
  const host = endpoint.baseUrl === undefined ? own : (URL.parse(endpoint.baseUrl)?.host ?? '')
  const isElsewhere = host !== own && !host.endsWith(`.${own}`)
  return { names, endpoint, host, isElsewhere, isOwn }
}
