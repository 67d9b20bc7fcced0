import type { ModelCard, ModelRouter, ModelVendor, ResolvedModel } from '../../agent/models.ts'

export const CARD: ModelCard = {
  contextTokens: 128_000,
  maxOutputTokens: 16_000,
  hasTools: true,
  countTokens: (text) => Math.ceil(text.length / 4),
}

/** A vendor as a router would give it: nothing is limited, and its price is unknown. */
export const resolved = (
  vendor: ModelVendor,
  more: Partial<ResolvedModel> = {},
): ResolvedModel => ({
  vendor,
  model: 'scripted-1',
  host: `${vendor.name}.test`,
  account: 'account',
  limits: { maxConcurrent: 100 },
  card: CARD,
  sampling: {},
  ...more,
})

/** Every purpose is asked of these, in order. */
export const routerOf = (...vendors: readonly ModelVendor[]): ModelRouter => ({
  chain: async () => vendors.map((vendor) => resolved(vendor)),
  describe: async () => ({
    vendor: vendors[0]?.name ?? 'none',
    model: 'scripted-1',
    isBuiltIn: false,
    fallbacks: vendors.slice(1).map(({ name }) => `${name}/scripted-1`),
  }),
})
