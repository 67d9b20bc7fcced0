import type { z } from 'zod'
import type { spendingReport } from '../schema/spending-api.ts'
import type { Paint } from './paint.ts'
import { printableLine } from './printable.ts'

type Report = z.output<typeof spendingReport>
type Spent = Report['totals']
type Standing = Report['budgets'][number]

/** A table of the groups and their sum, and a line per budget and count. */
export function renderSpending(report: Report, paint: Paint): string {
  const { groupBy, groups, totals, hasMore, budgets } = report
  const rows = groups.map((group) => [printableLine(group.key ?? '(no room)'), ...cells(group)])
  const table = aligned([[groupBy, ...HEAD], ...rows, ['in all', ...cells(totals)]])
  return [
    `${paint.name('Spending')} of ${report.agentId} from ${report.from} to ${report.to} (UTC)`,
    ...table.map((line) => `  ${line}`),
    ...(hasMore ? [paint.dim('  More of them are in the sum only.')] : []),
    ...notes(totals).map((note) => `  ${note}`),
    ...(budgets.length > 0 ? ['', paint.name('Budgets')] : []),
    ...budgets.flatMap((budget) => standing(budget, paint)),
  ].join('\n')
}

const HEAD = ['calls', 'tokens in', 'cached', 'tokens out', 'cost']

function cells({ calls, inputTokens, cachedTokens, outputTokens, cost }: Spent): string[] {
  const all = calls.complete + calls.cut + calls.unknown + calls.pending
  return [...[all, inputTokens, cachedTokens, outputTokens].map(whole), dollars(cost)]
}

function notes({ calls, unpricedCalls }: Spent): string[] {
  const { cut, unknown, pending } = calls
  return [
    ...(cut + unknown > 0 ? [`${cut} cut off and ${unknown} unknown: estimated.`] : []),
    ...(pending > 0 ? [`${pending} under way.`] : []),
    ...(unpricedCalls > 0 ? [`${unpricedCalls} of unknown cost: not in the sum.`] : []),
  ]
}

function standing({ per, period, unit, limit, resetsAt, counts }: Standing, paint: Paint) {
  const amount = (value: number) => (unit === 'money' ? dollars(value) : `${whole(value)} tokens`)
  const until = new Date(resetsAt).toISOString().slice(0, 16).replace('T', ' ')
  return [
    `  ${amount(limit)} per ${per} and ${period}, anew at ${until}`,
    ...counts.map(({ id, used }) => {
      const line = `    ${id}  ${amount(used)} (${Math.round((used / limit) * 100)} %)`
      return used >= limit ? paint.bad(line) : line
    }),
  ]
}

const dollars = (value: number) => `$${value.toFixed(4)}`
const whole = (value: number) => value.toLocaleString('en')

/** Words to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
}
