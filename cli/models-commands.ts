import type { CommandSpec } from './command-specs.ts'

/** Part of `COMMANDS`: who answers. */
export const MODEL_COMMANDS = {
  models: {
    summary: 'Show which models answer, and what keeps calls from them.',
    details: 'Circuit breakers, rate limits and calls that run or wait. Asks a running API.',
    flags: ['api-url', 'api-key', 'port', 'host', 'data-dir', 'json'],
    positionals: [],
    examples: ['turnkeeper models', 'turnkeeper models --json'],
    exits: ['unreachable'],
    serves: false,
  },
} as const satisfies Record<string, CommandSpec>
