import { apiAddress } from '../../cli/api-address.ts'
import { createApi } from '../../cli/api-client.ts'
import { UsageError } from '../../cli/arguments.ts'
import { agentNamed, NoAgentError } from '../../cli/chat-session.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson } from '../../cli/printable.ts'
import { renderSpending } from '../../cli/spending.ts'
import { agentList } from '../../schema/api-answers.ts'
import { spendingReport } from '../../schema/spending-api.ts'

/** Prints what an agent's model calls used and cost, and how its budgets stand. */
export async function run({ config, values, io }: CommandInput): Promise<number> {
  const query = queryOf(values)
  const api = createApi(apiAddress(config))
  const { agents } = agentList.parse(await api.request('/api/agents'))
  const agent =
    values.agent === undefined
      ? (agents.find(({ status }) => status === 'active') ?? agents[0])
      : agentNamed(agents, values.agent)
  if (!agent) throw new NoAgentError('There is no agent. Add a character and restart.')
  const answer = await api.request(`/api/agents/${agent.id}/spending?${query}`)
  const text = values.json
    ? printableJson(answer)
    : renderSpending(spendingReport.parse(answer), createPaint(io.hasColor))
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}

const DAY_MS = 86_400_000

function queryOf({ by, days }: CommandInput['values']): URLSearchParams {
  const query = new URLSearchParams()
  if (by !== undefined) query.set('groupBy', by)
  if (days === undefined) return query
  if (!/^[1-9]\d{0,2}$/.test(days)) {
    throw new UsageError(`--days is '${days}', not a whole number from 1 to 366.`)
  }
  const first = new Date(Date.now() - (Number(days) - 1) * DAY_MS)
  query.set('from', first.toISOString().slice(0, 10))
  return query
}
