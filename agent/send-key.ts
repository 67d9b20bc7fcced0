/** Parts that two base-36 digits can count. */
export const MAX_PARTS = 36 ** 2

/**
 * The key of one part of a message: the same at every attempt, unique within a bot account, at most 25
 * characters (Discord's nonce is no longer): 22 of the row's id, a dash, the part.
 */
export function sendKey(rowId: string, part: number): string {
  const bytes = Buffer.from(rowId.replaceAll('-', ''), 'hex')
  return `${bytes.toString('base64url')}-${part.toString(36)}`
}
