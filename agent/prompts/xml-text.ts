const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00A0',
}

const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi

/** A piece of text that may be the beginning of an entity, at its end. */
export const PARTIAL_ENTITY = /&[#\w]{0,8}$/

/** Decodes XML's entities, once. A bare `&` and whatever is no entity stay as they are. */
export function decodeEntities(text: string): string {
  return text.replace(ENTITY, (whole, decimal, hex, name) => {
    if (name) return NAMED[String(name).toLowerCase()] ?? whole
    return characterOf(decimal ? Number(decimal) : Number.parseInt(hex, 16)) ?? whole
  })
}

/** Text as it stands in an element: `decodeEntities` gives it back. Any piece of a text may be escaped alone. */
export const escapeText = (text: string): string =>
  text.replace(/[&<]/g, (character) => (character === '&' ? '&amp;' : '&lt;'))

/** NUL and lone surrogates have no place in stored text. */
function characterOf(code: number): string | undefined {
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}

export const CDATA_OPEN = '<![CDATA['
const CDATA_CLOSE = ']]>'

/** The text of a leaf: entities decoded, CDATA sections as they are, the ends trimmed. */
export function leafText(raw: string): string {
  if (!raw.includes(CDATA_OPEN)) return decodeEntities(raw).trim()
  const parts: string[] = []
  let position = 0
  for (;;) {
    const section = findCdata(raw, position)
    if (!section) break
    parts.push(decodeEntities(raw.slice(position, section.start)))
    parts.push(raw.slice(section.start + CDATA_OPEN.length, section.end - CDATA_CLOSE.length))
    position = section.end
  }
  parts.push(decodeEntities(raw.slice(position)))
  return parts.join('').trim()
}

/** The next closed CDATA section. One that is never closed is no section. */
export function findCdata(
  text: string,
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  const start = text.indexOf(CDATA_OPEN, from)
  if (start < 0) return undefined
  const close = text.indexOf(CDATA_CLOSE, start + CDATA_OPEN.length)
  return close < 0 ? undefined : { start, end: close + CDATA_CLOSE.length }
}
