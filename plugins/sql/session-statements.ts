/** They would outlive their statement, in a session that others get afterwards. */
const OF_SESSIONS =
  /^(?:begin|start|commit|end|rollback|abort|savepoint|release|set|reset|discard|prepare|execute|deallocate|listen|unlisten|declare|fetch|close|lock)$/i

const FIRST_WORD = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([a-z]+)/i

/** The first word of a statement that has no business outside of `db.transaction`; else undefined. */
export function sessionStatement(sql: string): string | undefined {
  const [, word = ''] = FIRST_WORD.exec(sql) ?? []
  return OF_SESSIONS.test(word) ? word.toLowerCase() : undefined
}
