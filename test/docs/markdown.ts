/** A shell block of a page that a reader can copy, with what the page says it prints. */
export interface Example {
  readonly script: string
  /** `…` stands for anything; blanks and line breaks do not count. Absent when the page shows nothing. */
  readonly shows: string | undefined
}

const EXAMPLE = /<!-- run -->\n```sh\n([\s\S]*?)```\n(?:<!-- shows -->\n```\w*\n([\s\S]*?)```)?/g

/** The examples of a page, in its order: a later one may use the variables of an earlier one. */
export const examplesOf = (page: string): readonly Example[] =>
  [...page.matchAll(EXAMPLE)].map(([, script = '', shows]) => ({ script, shows }))

/** Whether an output is what a page shows. */
export function isShown(output: string, shows: string): boolean {
  const parts = withoutBlanks(shows)
    .split(/…+/)
    .map((part) => RegExp.escape(part))
  return new RegExp(`^${parts.join('.*?')}$`, 's').test(withoutBlanks(output))
}

const withoutBlanks = (text: string) => text.replace(/\s+/g, '')

/** The block behind a comment: `<!-- name -->`, then a fence. */
export function blockAfter(page: string, name: string): string {
  const [, comment = ''] = page.split(`<!-- ${name} -->\n`)
  const [, block] = /^```\w*\n([\s\S]*?)```/.exec(comment) ?? []
  if (block === undefined) throw new Error(`The page has no block behind '<!-- ${name} -->'.`)
  return block
}

/** First column of the table below a heading, code marks removed. */
export function firstColumn(page: string, heading: string): readonly string[] {
  const [, section = ''] = page.split(new RegExp(`^#+ ${RegExp.escape(heading)}\\n`, 'm'))
  const [upToNext = ''] = section.split(/^#+ /m)
  const rows = upToNext.match(/^\|.*\|$/gm) ?? []
  return rows.slice(2).map((row) => (row.split('|')[1] ?? '').replaceAll('`', '').trim())
}
