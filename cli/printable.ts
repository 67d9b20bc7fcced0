// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g

/**
 * Text of a person or a model as a terminal may get it. Control characters become pictures of
 * themselves (ESC is shown as `␛`), so that no escape sequence can move the cursor, set the title or
 * the clipboard, or hide what is written. Line feed and tab stay. Works on pieces of a text.
 */
export function printable(text: string): string {
  return text.replace(/\r/g, '').replace(CONTROL, pictureOf)
}

/** `printable` on one line, for names and table cells. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, ' ')
}

/** JSON for a terminal or a pipe: the controls that JSON leaves as they are become escapes. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? 'null'
  return text.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function pictureOf(char: string): string {
  const code = char.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}
