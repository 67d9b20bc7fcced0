import { z } from 'zod'
import { apiAddress } from '../../cli/api-address.ts'
import { createApi } from '../../cli/api-client.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson, printableLine } from '../../cli/printable.ts'
import { renderTrace } from '../../cli/trace.ts'
import { cancelledTurn, history as historySchema, turnTrace } from '../../schema/api-answers.ts'
import type { JsonObject } from '../../schema/json.ts'
import { isTerminal } from '../../schema/turn.ts'

/** The history, alone or under its name. */
const exported = z.object({ history: historySchema.optional() })

/** Prints what a turn did, as the API tells it. */
export async function showTurn({ config, values, positionals, io }: CommandInput): Promise<number> {
  const answer = await createApi(apiAddress(config)).request(turnPath(positionals))
  const trace = turnTrace.parse(answer)
  const text = values.json
    ? printableJson(answer)
    : renderTrace(trace, createPaint(io.hasColor), { withPrompts: values.prompt })
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}

/** Tells a turn to stop, and prints how it stands and what became of its messages to a platform. */
export async function cancelTurn({
  config,
  values,
  positionals,
  io,
}: CommandInput): Promise<number> {
  const body = { partial: values.keep ? 'keep' : 'retract' }
  const path = `${turnPath(positionals)}/cancel`
  const answer = await createApi(apiAddress(config)).request(path, { method: 'POST', body })
  const text = values.json ? printableJson(answer) : cancelled(cancelledTurn.parse(answer))
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}

function cancelled({ turnId, state, delivery }: z.output<typeof cancelledTurn>): string {
  const lines = [`${turnId}  ${state}`]
  if (!isTerminal(state)) {
    lines.push(`It was told to stop. See how it goes: turnkeeper turn show ${turnId}`)
  }
  if (delivery) {
    const { retracted, sending, sent } = delivery
    lines.push(`Its outbox: ${retracted} taken back, ${sending} being sent, ${sent} sent`)
  }
  return lines.join('\n')
}

/** Replays a turn's history against the code that is here now. */
export async function replayTurn({
  config,
  values,
  positionals,
  io,
}: CommandInput): Promise<number> {
  const api = createApi(apiAddress(config))
  const { workflowId } = turnTrace.parse(await api.request(turnPath(positionals)))
  const answer = historySchema.parse(await api.request(`${turnPath(positionals)}/history`))
  const history = exported.parse(answer).history ?? answer
  // Bundles the Workflows, which takes seconds: only when there is a history to replay.
  const { replayHistory } = await import('../../workers/replay.ts')
  await quietRuntime()
  const result = await replayHistory(history as JsonObject, workflowId) // it came as JSON
  if (values.json) io.stdout.write(`${printableJson({ workflowId, ...result })}\n`)
  else if (result.deterministic)
    io.stdout.write(`deterministic: today's code replays ${workflowId}.\n`)
  else {
    io.stdout.write(`not deterministic: today's code does not replay ${workflowId}.\n`)
    io.stdout.write(`  ${printableLine(result.reason)}\n`)
  }
  return result.deterministic ? EXIT.ok : EXIT.notDeterministic
}

const turnPath = ([id = '']: readonly string[]) => `/api/turns/${encodeURIComponent(id)}`

/** Without it the SDK tells of every state of the Worker that replays. */
async function quietRuntime(): Promise<void> {
  const { DefaultLogger, Runtime } = await import('@temporalio/worker')
  Runtime.install({ logger: new DefaultLogger('WARN') })
}
