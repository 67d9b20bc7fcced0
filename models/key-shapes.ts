import { MODEL_VENDORS, type VendorName } from '../schema/model-vendors.ts'

/** How vendors begin their keys, the longer beginnings first. */
const BEGINNINGS: readonly (readonly [beginning: string, vendor: VendorName])[] = [
  ['sk-ant-', 'anthropic'],
  ['sk-or-', 'openrouter'],
  ['sk-proj-', 'openai'],
  ['gsk_', 'groq'],
  ['xai-', 'xai'],
  ['AIza', 'google'],
]

/** A key that stands where another vendor's belongs. */
export interface MisplacedKey {
  readonly setting: string
  /** The vendor that the key looks like, and where it belongs. */
  readonly looksLike: string
  readonly belongsIn: string
}

/**
 * By the form of the keys alone; nobody is asked. A key that goes to an address of one's own is whatever
 * that address wants.
 */
export function misplacedKeys(values: Readonly<Record<string, string>>): readonly MisplacedKey[] {
  return MODEL_VENDORS.flatMap(({ vendor, keys, addresses }) => {
    if (addresses.some((name) => values[name] !== undefined)) return []
    return keys.flatMap((setting) => {
      const owner = ownerOf(values[setting] ?? '')
      const right = MODEL_VENDORS.find((each) => each.vendor === owner)
      if (!right || right.vendor === vendor) return []
      return [{ setting, looksLike: right.label, belongsIn: right.keys[0] ?? '' }]
    })
  })
}

const ownerOf = (key: string): VendorName | undefined =>
  BEGINNINGS.find(([beginning]) => key.startsWith(beginning))?.[1]
