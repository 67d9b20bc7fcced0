const YES: ReadonlySet<string> = new Set(['true', 'yes', 'y', '1', 'on', 'enable', 'enabled'])

/** ElizaOS's reading of a switch: characters write `true`, `"true"`, `"yes"` or `1`. */
export const isYes = (setting: unknown): boolean =>
  YES.has(
    String(setting ?? '')
      .trim()
      .toLowerCase(),
  )

const NO: ReadonlySet<string> = new Set(['false', 'no', 'n', '0', 'off', 'disable', 'disabled'])

/** Plainly switched off: what is unset is not. */
export const isNo = (setting: unknown): boolean =>
  NO.has(
    String(setting ?? '')
      .trim()
      .toLowerCase(),
  )
