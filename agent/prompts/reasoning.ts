const OPEN = /<(think|thinking)>/gi
const RESPONSE = /<response[\s>]/gi

/**
 * Removes what reasoning models think aloud before they answer: each `<think>…</think>` before the
 * first `<response>`, and everything before a `</think>` that nobody opened. A block that is never
 * closed ends at the first `<response>`; without one, an answer that began with it is all thought.
 */
export function withoutReasoning(text: string): string {
  const kept: string[] = []
  let position = 0
  let response = firstResponse(text, 0)
  for (;;) {
    const open = find(OPEN, text, position)
    if (response < position) response = firstResponse(text, position)
    if (!open || open.index > response) break
    const end = endOf(text, `</${open[1]}>`, open.index)
    if (end === undefined) return kept.join('') + unclosed(text, position, open.index, response)
    kept.push(text.slice(position, open.index))
    position = end
  }
  return kept.length > 0 ? kept.join('') + text.slice(position) : withoutOrphan(text, response)
}

function unclosed(text: string, position: number, open: number, response: number): string {
  const before = text.slice(position, open)
  return before.trim() === '' ? text.slice(response) : text.slice(position)
}

function withoutOrphan(text: string, response: number): string {
  const close = find(/<\/(?:think|thinking)>/gi, text, 0)
  return close && close.index < response ? text.slice(close.index + close[0].length) : text
}

const firstResponse = (text: string, from: number): number =>
  find(RESPONSE, text, from)?.index ?? text.length

function find(pattern: RegExp, text: string, from: number): RegExpExecArray | undefined {
  pattern.lastIndex = from
  return pattern.exec(text) ?? undefined
}

function endOf(text: string, close: string, from: number): number | undefined {
  const found = find(new RegExp(close, 'gi'), text, from)
  return found && found.index + found[0].length
}
