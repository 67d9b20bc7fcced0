import { apiAddress } from '../../cli/api-address.ts'
import { createApi } from '../../cli/api-client.ts'
import { agentNamed, NoAgentError } from '../../cli/chat-session.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson } from '../../cli/printable.ts'
import { renderTask, renderTasks } from '../../cli/tasks.ts'
import { agentList } from '../../schema/api-answers.ts'
import { task, taskList } from '../../schema/tasks-api.ts'

/** Prints an agent's tasks with the newest run of each. */
export async function listTasks(input: CommandInput): Promise<number> {
  const { values, io } = input
  const answer = await (await openTasks(input)).ask('')
  if (values.json) return print(input, printableJson(answer))
  return print(input, renderTasks(taskList.parse(answer).tasks, createPaint(io.hasColor)))
}

/** Prints one with its runs. */
export async function showTask(input: CommandInput): Promise<number> {
  const { values, io } = input
  const answer = await (await openTasks(input)).ask(pathOf(input))
  if (values.json) return print(input, printableJson(answer))
  return print(input, renderTask(task.parse(answer), createPaint(io.hasColor)))
}

/** Has it run as soon as a worker is free. */
export async function runTask(input: CommandInput): Promise<number> {
  const answer = await (await openTasks(input)).ask(`${pathOf(input)}/run`, { method: 'POST' })
  return print(input, input.values.json ? printableJson(answer) : 'It runs now.')
}

/** Deletes it. */
export async function cancelTask(input: CommandInput): Promise<number> {
  const answer = await (await openTasks(input)).ask(pathOf(input), { method: 'DELETE' })
  return print(input, input.values.json ? printableJson(answer) : 'It is deleted.')
}

async function openTasks({ config, values }: CommandInput) {
  const api = createApi(apiAddress(config))
  const { agents } = agentList.parse(await api.request('/api/agents'))
  const agent =
    values.agent === undefined
      ? (agents.find(({ status }) => status === 'active') ?? agents[0])
      : agentNamed(agents, values.agent)
  if (!agent) throw new NoAgentError('There is no agent. Add a character and restart.')
  return {
    ask: (path: string, options?: { readonly method: 'POST' | 'DELETE' }) =>
      api.request(`/api/agents/${agent.id}/tasks${path}`, options),
  }
}

const pathOf = ({ positionals: [id = ''] }: CommandInput) => `/${encodeURIComponent(id)}`

function print({ io }: CommandInput, text: string): number {
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}
