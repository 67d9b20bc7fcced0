import type { CallAnswer, Ledger, LedgerCall } from '../agent/ledger.ts'
import type { Ports, StepLog } from '../agent/ports.ts'
import type { JsonObject } from '../schema/json.ts'
import type { PluginHouse } from './plugin-house.ts'

interface Told {
  readonly house: Pick<PluginHouse, 'host' | 'turnEvents'>
  readonly turns: Pick<Ports['turns'], 'load'>
  readonly log: StepLog
}

/** Tells plugins of each call that was answered (ElizaOS's MODEL_USED). Nobody waits for that. */
export function tellingOfModels(ledger: Ledger, told: Told): Ledger {
  return {
    ...ledger,
    async complete(call, answer) {
      await ledger.complete(call, answer)
      tell(told, call, answer).catch((error: unknown) =>
        told.log.warn(undefined, 'MODEL_USED could not be told.', error),
      )
    },
  }
}

async function tell({ house, turns }: Told, call: LedgerCall, answer: CallAnswer): Promise<void> {
  const { agentId, attempt } = call
  if (!house.host.events(agentId)?.has('MODEL_USED')) return
  const payload = payloadOf(call, answer)
  if (!attempt) {
    const runtime = house.host.opened(agentId)?.runtime
    return void (await runtime?.emitEvent('MODEL_USED', { ...payload, runtime }))
  }
  const turn = await turns.load(attempt)
  if (turn) house.turnEvents.emit(turn, 'MODEL_USED', payload)
}

/** Without the prompt: whoever counts tokens needs no words. */
function payloadOf(
  { id, vendor, model, purpose, inputTokens }: LedgerCall,
  { usage, estimatedOutputTokens, cost }: CallAnswer,
): JsonObject {
  const prompt = usage?.inputTokens ?? inputTokens
  const completion = usage?.outputTokens ?? estimatedOutputTokens
  return {
    ...{ callId: id, provider: vendor, model, type: purpose, cost },
    tokens: { prompt, completion, total: prompt + completion },
  }
}
