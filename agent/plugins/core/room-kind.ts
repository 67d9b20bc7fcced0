/** Channel types in which an agent is alone with one person, or with itself. */
const PRIVATE_TYPES: ReadonlySet<string> = new Set(['DM', 'VOICE_DM', 'SELF', 'API'])

/** Several people, a world that may have owners, roles and settings: rooms whose turns may read it. */
export const isShared = ({ type }: { readonly type: string }): boolean =>
  !PRIVATE_TYPES.has(type.toUpperCase())
