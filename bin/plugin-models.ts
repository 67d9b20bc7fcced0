import type { OutsideModels } from '../activities/outside-models.ts'
import type { Agent } from '../agent/agent.ts'
import type { ModelPurpose } from '../agent/models.ts'
import type { Ports } from '../agent/ports.ts'
import { configuredVendors } from '../models/configured-vendors.ts'
import { settingValues } from '../models/setting-values.ts'
import { decodeTokens, encodeText } from '../models/tokenizer.ts'
import type { ModelPlace } from '../plugins/host/host-input.ts'
import { createHostModels, offeredPurposes } from '../plugins/models/host-models.ts'
import type { PermissionGuard } from '../plugins/permissions/permission-book.ts'
import type { HostedAgent } from '../plugins/plugin-host.ts'
import type { HostModels } from '../plugins/runtime-host.ts'
import { MODEL_PURPOSES } from '../schema/model-purposes.ts'

export interface PluginModelParts {
  readonly ports: Pick<Ports, 'models' | 'media'>
  readonly guard: Pick<PermissionGuard, 'host'>
  outside(agent: () => Agent): OutsideModels
}

/** ElizaOS's `useModel` for the plugins of one agent. */
export function createPluginModels(
  { ports, guard, outside }: PluginModelParts,
  place: ModelPlace,
): HostModels {
  const { models, media } = ports
  const nameOf = async (purpose: ModelPurpose) => {
    const [first] = await models.chain(purpose, place.agent())
    return first?.model ?? ''
  }
  return createHostModels({
    agent: place.agent,
    outside: outside(place.agent),
    tokenizer: {
      encode: async (text, purpose) => encodeText(text, await nameOf(purpose)),
      decode: async (tokens, purpose) => decodeTokens(tokens, await nameOf(purpose)),
    },
    media,
    guard,
    offers: offersOf(models, place),
    handler: place.handler,
  })
}

/** Known from the second question on: the first is answered before anybody could look. */
function offersOf(models: Ports['models'], { agent }: ModelPlace) {
  let asked: Agent | undefined
  let offered: ReadonlySet<ModelPurpose> = new Set(MODEL_PURPOSES)
  return (purpose: ModelPurpose): boolean => {
    const now = agent()
    if (asked !== now) {
      asked = now
      offeredPurposes(models, now).then(
        (found) => {
          offered = found
        },
        () => undefined, // as before: `useModel` says what is wrong
      )
    }
    return offered.has(purpose)
  }
}

/** Whether our own client of a vendor would answer for an agent: a key or an address is set. */
export const isOurVendor =
  (environment: Readonly<Record<string, string>>) =>
  (vendor: string, { settings }: HostedAgent): boolean => {
    const name = vendor === 'google-genai' ? 'google' : vendor
    const configured = configuredVendors(settingValues(settings, environment))
    return configured.some(({ names }) => names.vendor === name)
  }
