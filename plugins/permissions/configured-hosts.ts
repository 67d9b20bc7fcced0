import { MODEL_VENDORS } from '../../schema/model-vendors.ts'
import { placeOf } from './host-verdict.ts'

/** Of our vendors, which plugins for the same ones read as well. */
const VENDOR_ADDRESSES = MODEL_VENDORS.flatMap(({ addresses }) => addresses)

export interface ConfiguredHosts {
  /** The agent's own, secrets included. */
  readonly settings: Readonly<Record<string, unknown>>
  environment(name: string): string | undefined
  /** Keys of the plugin's `config`. */
  readonly names: readonly string[]
}

/**
 * Hosts that somebody who set the agent up wrote into its settings, private ones included: whoever sets
 * `OPENAI_BASE_URL` to a server beside this one means it. Of the environment only what the plugin names
 * and where vendors are: other addresses there are other programs' business.
 */
export function configuredHosts({
  settings,
  environment,
  names,
}: ConfiguredHosts): readonly string[] {
  const { secrets } = settings
  const own = [settings, typeof secrets === 'object' && secrets !== null ? secrets : {}]
  const outer = [...names, ...VENDOR_ADDRESSES].map(environment)
  const values = [...own.flatMap((each) => Object.values(each)), ...outer]
  return [...new Set(values.flatMap(hostIn))]
}

function hostIn(value: unknown): string[] {
  if (typeof value !== 'string' || !/^https?:\/\//i.test(value) || !URL.canParse(value)) return []
  return [placeOf(new URL(value))]
}
