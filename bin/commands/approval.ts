import { apiAddress } from '../../cli/api-address.ts'
import { createApi } from '../../cli/api-client.ts'
import { renderApproval, renderApprovals } from '../../cli/approval.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson } from '../../cli/printable.ts'
import type { ApprovalOption } from '../../schema/approval.ts'
import { approval, approvalList } from '../../schema/approval-api.ts'
import { userName } from '../user-name.ts'

/** Prints what waits for approval; with --all also what was answered. */
export async function listApprovals({ config, values, io }: CommandInput): Promise<number> {
  const query = new URLSearchParams()
  if (!values.all) query.set('state', 'pending')
  if (values.agent !== undefined) query.set('agentId', values.agent)
  if (values.before !== undefined) query.set('before', values.before)
  const answer = await createApi(apiAddress(config)).request(`/api/approvals?${query}`)
  const { approvals, next } = approvalList.parse(answer)
  const more = next === null ? '' : `\nMore: --before ${next}`
  const text = values.json
    ? printableJson(answer)
    : `${renderApprovals(approvals, createPaint(io.hasColor))}${more}`
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}

/** Prints one: what is asked, and who answered what. */
export async function showApproval(input: CommandInput): Promise<number> {
  const answer = await createApi(apiAddress(input.config)).request(pathOf(input))
  return print(input, answer)
}

export const approve = (input: CommandInput): Promise<number> => give(input, 'approve')
export const deny = (input: CommandInput): Promise<number> => give(input, 'deny')

async function give(input: CommandInput, decision: ApprovalOption): Promise<number> {
  const { comment } = input.values
  const body = { decision, by: userName(), via: 'cli', comment }
  const api = createApi(apiAddress(input.config))
  return print(input, await api.request(`${pathOf(input)}/answer`, { method: 'POST', body }))
}

function print({ values, io }: CommandInput, answer: unknown): number {
  const one = approval.parse(answer)
  const text = values.json ? printableJson(answer) : renderApproval(one, createPaint(io.hasColor))
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}

const pathOf = ({ positionals: [id = ''] }: CommandInput) =>
  `/api/approvals/${encodeURIComponent(id)}`
