/**
 * People in examples. Always the same ones: a prompt that begins as the last one did is served from
 * the vendor's cache.
 */
const NAMES = ['Mira', 'Jonas', 'Leila', 'Tomas', 'Aiko', 'Pedro', 'Nadia', 'Owen', 'Ines', 'Ravi']

/** Values for `{{name1}}` to `{{name10}}`. */
export const EXAMPLE_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  NAMES.map((name, index) => [`name${index + 1}`, name]),
)

/**
 * Replaces `{{name1}}`, `{{user1}}` and `{{agentName}}` in texts of a character or a plugin. Not for
 * what people write: their braces stay.
 */
export function fillNames(text: string, agentName: string): string {
  return text.replace(
    /\{\{\s*(agentName|(?:name|user)(\d{1,2}))\s*\}\}/g,
    (whole, word, ordinal) =>
      word === 'agentName' ? agentName : (EXAMPLE_NAMES[`name${ordinal}`] ?? whole),
  )
}
