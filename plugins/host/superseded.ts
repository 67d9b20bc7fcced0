import { hasBuiltIns } from '../../agent/built-ins.ts'
import { shortName } from '../load/plugin-name.ts'
import type { HostedAgent } from '../plugin-host.ts'

/** Plugins of model vendors that Turnkeeper has clients of its own for. */
const VENDORS: readonly string[] = [
  ...['openai', 'anthropic', 'google-genai', 'xai', 'groq', 'openrouter', 'ollama'],
]

export interface SupersededInput extends Pick<HostedAgent, 'settings' | 'character'> {
  /** Whether our own client of a vendor would answer for the agent: its key is set. */
  isOurs(vendor: string): boolean
}

/** Names of ElizaOS's own packages that a character brings along and needs no more. */
export function createSuperseded(agent: SupersededInput) {
  const builtIns = hasBuiltIns(agent.settings)
  return {
    supersededBy(name: string): string | undefined {
      const short = shortName(name)
      if (short === 'sql') {
        return "Turnkeeper's own database does its work. It can be left out of the character."
      }
      if (short !== 'bootstrap' || !builtIns) return undefined
      return (
        "Turnkeeper's built-in actions, providers and evaluators do its work. It can be left out of the " +
        'character, or takes their place when the setting TURNKEEPER_BUILT_INS is false.'
      )
    },
    /** For those that are not installed. */
    replacedBy(name: string): string | undefined {
      const short = shortName(name)
      if (!VENDORS.includes(short) || !agent.isOurs(short)) return undefined
      return `Turnkeeper's own client of '${short}' answers: its key is set. The package is not needed.`
    },
  }
}

/** `settings.requiredPlugins`: a list of names, or one text with commas. */
export function requiredPlugins({ settings }: Pick<HostedAgent, 'settings'>): readonly string[] {
  const { requiredPlugins: given } = settings
  const list: readonly unknown[] =
    typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given : []
  return list.flatMap((name) =>
    typeof name === 'string' && name.trim() !== '' ? [shortName(name)] : [],
  )
}
