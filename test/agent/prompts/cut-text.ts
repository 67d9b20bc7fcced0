/** Random numbers that are the same in each run. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
}

/** A text in pieces of 1 to 8 units, at any boundary. */
export function cutText(text: string, random: (below: number) => number): string[] {
  const pieces: string[] = []
  for (let position = 0; position < text.length; ) {
    const length = 1 + random(8)
    pieces.push(text.slice(position, position + length))
    position += length
  }
  return pieces
}

/** `count` of these parts, joined. */
export const randomText = (
  parts: readonly string[],
  count: number,
  random: (below: number) => number,
): string => Array.from({ length: random(count) }, () => parts[random(parts.length)] ?? '').join('')
