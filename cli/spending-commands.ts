import type { CommandSpec, FlagSpec } from './command-specs.ts'

/** Part of `FLAGS`. */
export const SPENDING_FLAGS = {
  by: {
    type: 'string',
    placeholder: '<group>',
    description: 'day (default), model, room or user.',
  },
  days: {
    type: 'string',
    placeholder: '<number>',
    description: 'How many days back, today included; 30 unless given.',
  },
} as const satisfies Record<string, FlagSpec>

/** Part of `COMMANDS`: what models cost. */
export const SPENDING_COMMANDS = {
  spending: {
    summary: 'Show what an agent’s model calls used and cost, and how its budgets stand.',
    details:
      'Of the first active agent, unless --agent names one. Days are UTC’s. Asks a running API.',
    flags: ['api-url', 'api-key', 'port', 'host', 'data-dir', 'agent', 'by', 'days', 'json'],
    positionals: [],
    examples: ['turnkeeper spending', 'turnkeeper spending --agent Ada --by model --days 7'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
} as const satisfies Record<string, CommandSpec>
