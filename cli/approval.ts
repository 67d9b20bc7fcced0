import type { z } from 'zod'
import type { approval } from '../schema/approval-api.ts'
import type { Paint } from './paint.ts'
import { printable, printableLine } from './printable.ts'

export type Approval = z.output<typeof approval>

/** As many characters of an id as a person will type. */
export const SHORT_ID = 8

/** One line per approval, newest first. */
export function renderApprovals(approvals: readonly Approval[], paint: Paint): string {
  if (approvals.length === 0) return 'Nothing waits for approval.'
  return approvals
    .map((one) => {
      const asked = new Date(one.requestedAt).toISOString()
      return `${one.id}  ${stateOf(one, paint)}  ${asked}  ${printableLine(one.question)}`
    })
    .join('\n')
}

/** Everything about one, for whoever has to decide or wants to know who did. */
export function renderApproval(one: Approval, paint: Paint): string {
  const answered = one.answeredAt === null ? [] : answerLines(one)
  return [
    `${paint.name('Approval')} ${one.id}  ${stateOf(one, paint)}`,
    `  question    ${printableLine(one.question)}`,
    `  action      ${printableLine(one.action)}`,
    `  parameters  ${printable(JSON.stringify(one.parameters, null, 2)).replaceAll('\n', '\n              ')}`,
    `  turn        ${one.turnId} of agent ${one.agentId}`,
    `  asked       ${new Date(one.requestedAt).toISOString()}, after a message of ${one.entityId}`,
    `  until       ${new Date(one.deadlineAt).toISOString()}`,
    ...answered,
  ].join('\n')
}

const answerLines = ({ answeredAt, answeredBy, answeredVia, comment }: Approval): string[] => [
  `  answered    ${new Date(answeredAt ?? 0).toISOString()} by ${printableLine(answeredBy ?? '?')} (${answeredVia ?? '?'})`,
  ...(comment ? [`  comment     ${printableLine(comment)}`] : []),
]

function stateOf({ state }: Approval, paint: Paint): string {
  if (state === 'approved') return paint.good(state)
  return state === 'pending' ? paint.warning(state) : paint.bad(state)
}

/** What was asked, and how to answer it here. */
export const questionNote = ({ id, question }: Pick<Approval, 'id' | 'question'>): string =>
  `Waits for approval ${id.slice(0, SHORT_ID)}: ${question}\n/approve lets it happen, /deny refuses it.`
