/** A screen that understands what our terminal chat writes, so that tests see what a person would. */
export class FakeScreen {
  readonly columns: number
  readonly rows: number
  /** Every byte that arrived, for what must never arrive. */
  raw = ''
  #lines: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(columns = 80, rows = 24) {
    this.columns = columns
    this.rows = rows
  }

  write(text: string): void {
    this.raw += text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is driven by them.
    for (const part of text.match(/\u001b\[[?\d;]*[A-Za-z]|[\s\S]/gu) ?? []) this.#put(part)
  }

  /** The rows that are not empty, without blanks at their ends. */
  text(): string {
    const rows = this.#lines.map((cells) => cells.join('').trimEnd())
    return rows.filter((row) => row !== '').join('\n')
  }

  #put(part: string): void {
    if (part.startsWith('\u001b[')) this.#control(part)
    else if (part === '\n') this.#moveTo(this.#row + 1, 0)
    else if (part === '\r') this.#column = 0
    else this.#print(part)
  }

  #print(char: string): void {
    const cells = /[\u3040-\u9fff\u{1f300}-\u{1faff}]/u.test(char) ? 2 : 1
    if (this.#column + cells > this.columns) this.#moveTo(this.#row + 1, 0)
    const line = this.#line()
    while (line.length < this.#column) line.push(' ')
    line[this.#column] = char
    if (cells === 2) line[this.#column + 1] = ''
    this.#column += cells
  }

  #control(sequence: string): void {
    const count = Number(sequence.slice(2, -1)) || 0
    const kind = sequence.at(-1)
    if (kind === 'A') this.#moveTo(Math.max(0, this.#row - (count || 1)), this.#column)
    if (kind === 'B') this.#moveTo(this.#row + (count || 1), this.#column)
    if (kind === 'C') this.#column += count || 1
    if (kind === 'D') this.#column = Math.max(0, this.#column - (count || 1))
    if (kind === 'G') this.#column = Math.max(0, count - 1)
    if (kind === 'J') {
      this.#line().length = Math.min(this.#line().length, this.#column)
      this.#lines.length = this.#row + 1
    }
    if (kind === 'K') this.#line().length = Math.min(this.#line().length, this.#column)
  }

  #line(): string[] {
    const line = this.#lines[this.#row] ?? []
    this.#lines[this.#row] = line
    return line
  }

  #moveTo(row: number, column: number): void {
    while (this.#lines.length <= row) this.#lines.push([])
    this.#row = row
    this.#column = column
  }
}
