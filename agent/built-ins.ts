import { isNo } from './settings-words.ts'

/**
 * Whether our built-in members stand before those of plugins with the same names: unless the setting
 * `builtIns`, else `TURNKEEPER_BUILT_INS`, is switched off.
 */
export const hasBuiltIns = (settings: Readonly<Record<string, unknown>>): boolean =>
  !isNo(settings.builtIns ?? settings.TURNKEEPER_BUILT_INS)
