/**
 * Where a conversation begins in a prompt. If it moved by a message in each turn, no vendor's cache
 * would know any prompt again; so it stands still for some turns and then leaves out several messages
 * at once.
 *
 * The beginning is the message with the least fingerprint among the oldest `slack` + 1 of `ids`: as
 * the window moves on by one or two, that is mostly the same one again, with nothing to remember
 * between turns. On average it stays for half of `slack` messages.
 *
 * @param ids oldest first
 * @returns index of the first one to show
 */
export function steadyStart(ids: readonly string[], slack: number): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let index = 0; index <= Math.min(slack, ids.length - 1); index += 1) {
    const print = fingerprint(ids[index] ?? '')
    if (print < least) [best, least] = [index, print]
  }
  return best
}

/** FNV-1a with a last mix: ids that differ in one digit are far apart. */
function fingerprint(id: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
