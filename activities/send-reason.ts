import type { SendError } from '../agent/connector.ts'

type Reasoned = Extract<SendError, { code: string }>

const MAX_HINT = 300

/**
 * Why a message was not sent, for the row. A connector must not quote messages or tokens; what looks
 * like one is left out all the same, since operators copy these lines into tickets.
 */
export function reasonOf(error: Reasoned, messageText = ''): string {
  const code = /^[\w.-]{1,64}$/.test(error.code) ? error.code : 'refused'
  if (!('hint' in error) || quotes(error.hint, messageText)) return code
  const hint = error.hint.replace(ADDRESS, '[address]').replace(TOKEN, '[…]').slice(0, MAX_HINT)
  return hint === '' ? code : `${code}: ${hint}`
}

const ADDRESS = /\b[a-z]+:\/\/\S+/gi
/** Longer than any word. */
const TOKEN = /[\w:.-]{32,}/g

/** Shares a run of words with the message. */
function quotes(hint: string, text: string): boolean {
  if (text.length < SHORTEST_QUOTE) return text.length >= 4 && hint.includes(text)
  for (let at = 0; at + SHORTEST_QUOTE <= hint.length; at += 1) {
    if (text.includes(hint.slice(at, at + SHORTEST_QUOTE))) return true
  }
  return false
}

const SHORTEST_QUOTE = 16
