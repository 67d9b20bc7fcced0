import type { z } from 'zod'
import type { accountUseView, breakerView, modelsOverview, rateView } from '../schema/models-api.ts'
import type { Paint } from './paint.ts'
import { printableLine } from './printable.ts'

type Overview = z.output<typeof modelsOverview>
type Breaker = z.output<typeof breakerView>
type Rate = z.output<typeof rateView>
type Use = z.output<typeof accountUseView>

/** A title and a table for each part that has something to show. @param now milliseconds since the epoch */
export function renderModels(models: Overview, paint: Paint, now: number): string {
  const { breakers, rates, here } = models
  return [
    `${paint.name('Answers')}    ${printableLine(whoAnswers(models))}`,
    `${paint.name('Then')}       ${printableLine(models.fallbacks.join(', ') || 'nobody')}`,
    ...['', paint.name('Circuit breakers')],
    ...table(
      ['model', 'state', 'since', 'next try', 'last failure'],
      breakers.map((breaker) => breakerCells(breaker, now)),
      'None opened within the last day.',
    ),
    ...['', paint.name('Rate limits, this minute')],
    ...table(
      ['account', 'requests', 'tokens', 'paused'],
      rates.map((rate) => rateCells(rate, now)),
      'No account with a limit was used lately.',
    ),
    ...['', paint.name('In this process')],
    ...table(['account', 'running', 'waiting'], here.map(useCells), 'No model is being called.'),
  ].join('\n')
}

/** Agents with models of their own answer all the same. */
function whoAnswers({ vendor, model, isBuiltIn, problem }: Overview): string {
  if (problem !== undefined) return `nobody: ${problem}`
  return `${vendor}/${model}${isBuiltIn ? ', the built-in rules: no model is configured' : ''}`
}

const breakerCells = (breaker: Breaker, now: number): string[] => [
  [breaker.vendor, breaker.host, breaker.model].filter(Boolean).join('/'),
  breaker.state,
  new Date(breaker.since).toISOString(),
  breaker.retryAt === null ? '' : inSeconds(breaker.retryAt, now),
  breaker.errorCode ?? '',
]

const rateCells = (rate: Rate, now: number): string[] => [
  accountOf(rate),
  used(rate.requests, rate.requestsPerMinute),
  used(rate.tokens, rate.tokensPerMinute),
  rate.pausedUntil === null ? '' : inSeconds(rate.pausedUntil, now),
]

const useCells = (use: Use): string[] => [
  accountOf(use),
  `${use.running} of ${use.maxConcurrent}`,
  String(use.waiting),
]

const accountOf = ({ vendor, host, account }: Rate | Use): string =>
  `${[vendor, host].filter(Boolean).join('/')} (${account || 'no key'})`

const used = (count: number, limit: number | null): string =>
  limit === null ? '' : `${Math.round(count)} of ${limit}`

function inSeconds(at: number, now: number): string {
  const seconds = Math.ceil((at - now) / 1_000)
  return seconds > 0 ? `in ${seconds} s` : 'now'
}

/** Columns that line up. What vendors and agents named themselves is made printable. */
function table(head: readonly string[], rows: readonly string[][], none: string): string[] {
  if (rows.length === 0) return [`  ${none}`]
  const lines = [head, ...rows.map((cells) => cells.map(printableLine))]
  const widths = head.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  )
  return lines.map((cells) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}
