import type { RespondDecision } from '../schema/turn.ts'
import type { Agent } from './agent.ts'
import type { LoadedTurn } from './ports.ts'
import { isYes } from './settings-words.ts'

/** Channel types in which everything is meant for the agent. */
const ALWAYS_TYPES = ['DM', 'VOICE_DM', 'SELF', 'API']

/** Sources in which everything is meant for the agent. */
const ALWAYS_SOURCES = ['client_chat']

/** ElizaOS's names, the newer one first. */
const CHANNEL_SETTINGS = ['ALWAYS_RESPOND_CHANNELS', 'SHOULD_RESPOND_BYPASS_TYPES']
const SOURCE_SETTINGS = ['ALWAYS_RESPOND_SOURCES', 'SHOULD_RESPOND_BYPASS_SOURCES']

/**
 * The rules before a model is asked: a muted room needs the agent's name, BOOTSTRAP_DEFLLMOFF leaves
 * only followed rooms, a direct message, mention,
 * reply or listed source is always answered, the rest is for the model to judge.
 */
export function respondRule(turn: LoadedTurn, agent: Agent): RespondDecision {
  const { content } = turn.message
  const isNamed = namesAgent(content.text ?? '', agent.character.name)
  if (turn.participation === 'MUTED' && !isNamed) return 'ignore'
  if (turn.participation === null && isYes(agent.settings.BOOTSTRAP_DEFLLMOFF)) return 'ignore'
  if (isMention(content.mentionContext)) return 'respond'
  const types = [...ALWAYS_TYPES, ...listSetting(agent, CHANNEL_SETTINGS)]
  if (includes(types, content.channelType ?? turn.room.type)) return 'respond'
  const source = (content.source ?? turn.room.source).toLowerCase()
  const sources = [...ALWAYS_SOURCES, ...listSetting(agent, SOURCE_SETTINGS)]
  return sources.some((known) => source.includes(known.toLowerCase())) ? 'respond' : 'ask'
}

const includes = (list: readonly string[], value: string) =>
  list.some((item) => item.toUpperCase() === value.toUpperCase())

function namesAgent(text: string, name: string): boolean {
  return text.toLowerCase().includes(name.toLowerCase())
}

/** ElizaOS's `mentionContext`, as a connector writes it. */
function isMention(context: unknown): boolean {
  if (typeof context !== 'object' || context === null) return false
  const { isMention, isReply } = context as { isMention?: unknown; isReply?: unknown }
  return isMention === true || isReply === true
}

/** Comma-separated, brackets allowed. */
function listSetting({ settings }: Agent, names: readonly string[]): string[] {
  const value = names.map((name) => settings[name]).find((setting) => typeof setting === 'string')
  if (typeof value !== 'string') return []
  return value
    .replace(/[[\]]/g, '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
