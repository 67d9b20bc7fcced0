// More than any sensible answer holds; a model that stammers shall not fill a journal.
const MAX_NAMES = 50
const MAX_NAME_LENGTH = 100

const NESTED_NAME = /<name>([^<]{1,100})<\/name>/i
const DECORATION = /^[\s"'`[\]*]+|[\s"'`[\]*.]+$/g

/** Names as models write them: separated by commas or lines, quoted, bracketed, as `<action><name>`. */
export function namesIn(written: readonly string[]): string[] {
  return written
    .flatMap((text) => NESTED_NAME.exec(text)?.[1] ?? text.slice(0, 10_000).split(/[,\n]/))
    .map((name) => name.slice(0, MAX_NAME_LENGTH).replace(DECORATION, ''))
    .filter((name) => name !== '')
    .slice(0, MAX_NAMES)
}

/** How names are compared: without regard to case, `_`, `-` and blanks. Never by a part of the name. */
export const comparable = (name: string): string => name.toLowerCase().replace(/[_\s-]/g, '')
