/** The source of a room that something was written to before anybody made it. */
export const UNKNOWN_SOURCE = 'unknown'
