import { MODEL_PURPOSES } from '../schema/model-purposes.ts'
import type { ModelChooser } from './models.ts'

/**
 * The agent, with one vendor named for each of its purposes: ElizaOS's third argument of `useModel`.
 * Where that vendor cannot be asked, the call fails with `model_not_configured`.
 */
export const askingVendor = <T extends ModelChooser>(agent: T, vendor: string): T => ({
  ...agent,
  settings: {
    ...agent.settings,
    ...Object.fromEntries(MODEL_PURPOSES.map((purpose) => [`${purpose}_VENDOR`, vendor])),
  },
})
