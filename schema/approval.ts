/** The words of an approval: an action that waits for somebody's consent. */

export const APPROVAL_STATES = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]

/** What a person may say. */
export const APPROVAL_OPTIONS = ['approve', 'deny'] as const
export type ApprovalOption = (typeof APPROVAL_OPTIONS)[number]

/** Through which door an answer came. */
export const APPROVAL_DOORS = ['api', 'cli', 'chat', 'message', 'choose_option', 'sweeper'] as const
export type ApprovalDoor = (typeof APPROVAL_DOORS)[number]

/** Who may answer in the room. Callers of the API and the command line always may. */
export type ApprovableBy = 'admin' | 'anyone'
