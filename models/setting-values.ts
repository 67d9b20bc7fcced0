type Values = Readonly<Record<string, unknown>>

/** A setting's value, and where it was found. */
export interface FoundSetting {
  readonly name: string
  readonly text: string
  /** Set by the agent, not by the environment. */
  readonly isOwn: boolean
}

/** Settings of one agent, over those of the environment. */
export interface SettingValues {
  /** As the agent's file has it: a list, an object. */
  readonly raw: Values
  /** The agent's own by any of the names, in their order, else the environment's. */
  find(names: readonly string[]): FoundSetting | undefined
  own(names: readonly string[]): FoundSetting | undefined
  environment(names: readonly string[]): FoundSetting | undefined
}

export function settingValues(agent: Values, environment: Values): SettingValues {
  const own = (names: readonly string[]) => first(names, true, (name) => ownText(agent, name))
  const outer = (names: readonly string[]) =>
    first(names, false, (name) => filled(environment[name]))
  return {
    raw: agent,
    ...{ own, environment: outer },
    find: (names) => own(names) ?? outer(names),
  }
}

function first(
  names: readonly string[],
  isOwn: boolean,
  read: (name: string) => string | undefined,
): FoundSetting | undefined {
  for (const name of names) {
    const text = read(name)
    if (text !== undefined) return { name, text, isOwn }
  }
  return undefined
}

/** ElizaOS characters keep theirs in `settings.secrets` or in `settings`. */
function ownText(settings: Values, name: string): string | undefined {
  const { secrets } = settings
  const secret =
    typeof secrets === 'object' && secrets !== null
      ? filled(Object.entries(secrets).find(([key]) => key === name)?.[1])
      : undefined
  return secret ?? (Object.hasOwn(settings, name) ? filled(settings[name]) : undefined)
}

/** A text with something in it; keys are often pasted with a line break. Numbers are meant as they stand. */
export function filled(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return (typeof value === 'string' && value.trim()) || undefined
}
