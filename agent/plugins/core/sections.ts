/** A part of a prompt with a heading; '' when it has no content. */
export const section = (heading: string, content: string): string =>
  content === '' ? '' : `# ${heading}\n${content}`

export const list = (items: readonly string[]): string =>
  items.map((item) => `- ${item}`).join('\n')
