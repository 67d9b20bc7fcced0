import { createHash } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Any 8-4-4-4-12 hex string, as ElizaOS accepts it: its own ids carry version nibble 0. */
export const isUuid = (text: string): boolean => UUID.test(text)

/**
 * ElizaOS's `stringToUuid`, bit for bit: SHA-1 of the percent-encoded text, first 16 bytes, variant
 * bits `10`, version nibble 0. A UUID is returned as it is. Imported data and plugins rely on it.
 */
export function stringToUuid(text: string): string {
  if (isUuid(text)) return text
  const hash = createHash('sha1').update(encodeURIComponent(text)).digest().subarray(0, 16)
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  hash[6] = (hash[6] ?? 0) & 0x0f
  const hex = hash.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** ElizaOS's `createUniqueUuid`: one id per agent for something the outside world names. */
export function createUniqueUuid(agentId: string, base: string): string {
  return base === agentId ? agentId : stringToUuid(`${base}:${agentId}`)
}

/** ElizaOS's default message server. */
export const DEFAULT_MESSAGE_SERVER_ID = '00000000-0000-0000-0000-000000000000'

/** The id of the approval of an action, by the generation whose decision named it. */
export function approvalIdOf(of: { turnId: string; gen: number; step: string }): string {
  return stringToUuid(`approval:${of.turnId}:${of.gen}:${of.step}`)
}

/** The id of a turn's reply: known before it is written, so that chunks of it can carry it. */
export function replyIdOf({ turnId, gen }: { turnId: string; gen: number }): string {
  return stringToUuid(`reply:${turnId}:${gen}`)
}
