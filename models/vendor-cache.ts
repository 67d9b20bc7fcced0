import type { ModelVendor } from '../agent/models.ts'
import type { ConfiguredVendor } from './configured-vendors.ts'
import { VENDORS } from './vendors.ts'

export interface VendorCache {
  /** @throws {ModelError} `model_not_configured`: the address or the key cannot be used. */
  get(configured: ConfiguredVendor): Promise<ModelVendor>
}

/** Agents with keys of their own could otherwise fill the memory with clients. */
const MAX_CLIENTS = 100

/** One client per vendor, key and address. */
export function createVendorCache(): VendorCache {
  const vendors = new Map<string, ModelVendor>()
  return {
    async get({ names, endpoint }) {
      const create = await VENDORS[names.vendor].load()
      const key = JSON.stringify([names.vendor, endpoint.baseUrl, endpoint.apiKey])
      const vendor = vendors.get(key) ?? create(endpoint)
      // The newest stands at the end: the first one is the one that was not used for the longest.
      vendors.delete(key)
      vendors.set(key, vendor)
      const [oldest] = vendors.keys()
      if (vendors.size > MAX_CLIENTS && oldest !== undefined) vendors.delete(oldest)
      return vendor
    },
  }
}
