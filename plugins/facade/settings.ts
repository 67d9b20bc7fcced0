import type { SettingMembers } from '../runtime.ts'
import type { Access } from './access.ts'
import { isObject } from './json.ts'

const DEFAULT_CONVERSATION_LENGTH = 32
const MAX_CONVERSATION_LENGTH = 1_000

/**
 * ElizaOS's order: secrets, settings, `settings.secrets`, the process's environment; what counts as false
 * in JavaScript is passed over, as it is there.
 */
export function settingMembers({ host, runtime, guard }: Access): SettingMembers {
  const secrets = new Map<string, unknown>()
  const settings = new Map<string, unknown>()
  const stored = (key: string): unknown => {
    const { settings: ofCharacter } = runtime.character
    return ownOf(host.settings, key) || ownOf(ofCharacter, key) || ownOf(ofCharacter?.secrets, key)
  }
  return {
    getSetting(key) {
      if (guard && !guard.maySeeSetting(key)) return null
      return asSetting(
        secrets.get(key) || settings.get(key) || stored(key) || host.environment(String(key)),
      )
    },
    setSetting(key, value, secret = false) {
      const kept = secret ? secrets : settings
      if (value === null || value === undefined) kept.delete(key)
      else kept.set(key, value)
    },
    getConversationLength() {
      const length = Number(runtime.getSetting('CONVERSATION_LENGTH') ?? 0)
      const isUsable = Number.isInteger(length) && length > 0
      return isUsable ? Math.min(length, MAX_CONVERSATION_LENGTH) : DEFAULT_CONVERSATION_LENGTH
    },
  }
}

/** Not `constructor` and its like, which every object has. */
const ownOf = (object: unknown, key: string): unknown =>
  isObject(object) && Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined

/** Only what ElizaOS's settings can be: lists and objects are none. */
function asSetting(value: unknown): string | boolean | number | null {
  if (value === 'true') return true
  if (value === 'false') return false
  const isSetting = ['string', 'number', 'boolean'].includes(typeof value)
  return isSetting ? (value as string | number | boolean) : null // by its type, just seen
}
