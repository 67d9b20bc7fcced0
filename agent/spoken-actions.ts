import { comparable } from './prompts/names-in-answer.ts'

/**
 * The actions that say something or nothing. They have no step of their own: `settle` carries them
 * out. Their similes are ElizaOS's.
 */
export const SPOKEN_ACTIONS = {
  REPLY: ['GREET', 'REPLY_TO_MESSAGE', 'SEND_REPLY', 'RESPOND', 'RESPONSE'],
  IGNORE: ['STOP_TALKING', 'STOP_CHATTING', 'STOP_CONVERSATION'],
  NONE: ['NO_ACTION', 'NO_RESPONSE', 'NO_REACTION'],
} as const

export type SpokenAction = keyof typeof SPOKEN_ACTIONS

const IGNORING = new Set(['IGNORE', ...SPOKEN_ACTIONS.IGNORE].map(comparable))

/** Whether an answer's actions are IGNORE and nothing else: its text, if any, is not said. */
export const isSilence = (actions: readonly string[]): boolean =>
  actions.length > 0 && actions.every((name) => IGNORING.has(comparable(name)))
