import type { ElizaConversation } from './eliza-prompt.ts'
import type { ElizaPattern, ElizaRule } from './eliza-rule.ts'
import {
  emptyReplies,
  fallbackReplies,
  foreignReplies,
  repetitionReplies,
  symbolReplies,
  talkRules,
} from './eliza-script.ts'
import { selfRules } from './eliza-self.ts'
import { smallTalkRules } from './eliza-small-talk.ts'
import { clausesOf, turnAround } from './eliza-words.ts'

export interface ElizaReply {
  readonly thought: string
  readonly text: string
}

// Sorting keeps the order of equals.
const rules: readonly ElizaRule[] = [...selfRules, ...talkRules, ...smallTalkRules].sort(
  (a, b) => b.rank - a.rank,
)

/** A person's first words decide: 100,000 characters must not cost a second of regular expressions. */
const LONGEST_READ = 2_000
/** Earlier messages that topics are remembered from, and replies that are not said again. */
const REMEMBERED = 20

/**
 * The answer to a conversation's last message. The same conversation always gets the same answer, so
 * that a repeated call changes nothing; a message that is said again gets another one.
 */
export function elizaReply(conversation: ElizaConversation): ElizaReply {
  const message = conversation.message.slice(0, LONGEST_READ)
  const wordless = repliesToWordless(message)
  if (wordless) return say(conversation, 'There are no English words in it.', wordless)

  const clauses = clausesOf(message)
  for (const { keyword, patterns } of rules) {
    const replies = repliesTo(clauses, patterns, conversation)
    if (replies.length > 0) return say(conversation, `The keyword is “${keyword}”.`, replies)
  }
  const topics = unsaid(earlierTopics(conversation), conversation)
  if (topics.length > 0) return say(conversation, 'No keyword; an earlier topic may help.', topics)
  return say(conversation, 'No keyword at all.', fallbackReplies)
}

function repliesToWordless(message: string): readonly string[] | undefined {
  if (message.trim() === '') return emptyReplies
  if (!/\p{L}/u.test(message)) return symbolReplies
  return /\p{Script=Latin}/u.test(message) ? undefined : foreignReplies
}

function repliesTo(
  clauses: readonly string[],
  patterns: readonly ElizaPattern[],
  conversation: ElizaConversation,
): readonly string[] {
  for (const { match, replies } of patterns) {
    for (const clause of clauses) {
      const part = match.exec(clause)
      const filled = part ? fillAll(replies, part[1], conversation) : []
      if (filled.length > 0) return filled
    }
  }
  return []
}

/** What the person spoke of before, as sentences that come back to it; the latest first. */
function earlierTopics(conversation: ElizaConversation): readonly string[] {
  const clauses = conversation.heard
    .slice(-REMEMBERED)
    .reverse()
    .flatMap((text) => clausesOf(text.slice(0, LONGEST_READ)))
  return clauses.flatMap((clause) => topicOf(clause, conversation))
}

function topicOf(clause: string, conversation: ElizaConversation): readonly string[] {
  for (const { patterns } of rules) {
    for (const { match, later } of patterns) {
      const part = later && match.exec(clause)
      if (part) return fillAll(later, part[1], conversation)
    }
  }
  return []
}

const fillAll = (
  replies: readonly string[],
  part: string | undefined,
  conversation: ElizaConversation,
): readonly string[] =>
  replies.map((reply) => fill(reply, part, conversation)).filter((reply) => reply !== undefined)

/** Undefined when a part is not known. One pass: what people wrote is never read as a placeholder. */
function fill(
  reply: string,
  part: string | undefined,
  conversation: ElizaConversation,
): string | undefined {
  let isComplete = true
  const text = reply.replace(/\{(1|agent|name)\}/g, (_, key: string) => {
    const value = placeholder(key, part, conversation)
    isComplete &&= value !== undefined
    return value ?? ''
  })
  return isComplete ? text : undefined
}

function placeholder(
  key: string,
  part: string | undefined,
  { agentName, heard }: ElizaConversation,
): string | undefined {
  if (key === 'agent') return agentName
  return key === 'name' ? nameIn(heard) : part && turnAround(part)
}

const nameIn = (heard: readonly string[]): string | undefined =>
  heard
    .map(
      (text) => /\b(?:[Mm]y name is|[Cc]all me|I am|I['’]m)\s+(\p{Lu}[\p{Ll}'-]+)/u.exec(text)?.[1],
    )
    .findLast((name) => name !== undefined)

const unsaid = (replies: readonly string[], { said }: ElizaConversation): readonly string[] => {
  const recent = new Set(said.slice(-REMEMBERED))
  return replies.filter((reply) => !recent.has(reply))
}

function say(
  conversation: ElizaConversation,
  thought: string,
  replies: readonly string[],
): ElizaReply {
  const fresh = unsaid(replies, conversation)
  const choice = fresh.length > 0 ? fresh : repetitionReplies
  return { thought, text: choice[hash(beginnings(conversation)) % choice.length] ?? '' }
}

/** What tells one moment of a conversation from another. */
const beginnings = ({ message, said, heard }: ElizaConversation): string =>
  [message, ...said.slice(-REMEMBERED), ...heard.slice(-REMEMBERED), said.length + heard.length]
    .map((text) => String(text).slice(0, LONGEST_READ))
    .join('\n')

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  }
  return value >>> 0
}
