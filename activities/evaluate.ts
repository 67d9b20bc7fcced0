import type { Ports } from '../agent/ports.ts'
import { wordsOf } from '../agent/words-of.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { deliverElsewhere } from './deliver-elsewhere.ts'
import { openTurn } from './turn-context.ts'
import { type WorkPorts, workContext } from './work-context.ts'

/**
 * Runs one evaluator after the reply. Its memories carry the turn's id and commit with its result; run
 * again, it finds that and does nothing.
 */
export const createEvaluate = (
  ports: WorkPorts &
    Pick<Ports, 'turns' | 'agents' | 'journal' | 'turnEvents' | 'startDelivery' | 'log'>,
) =>
  async function evaluate(input: TurnInput, name: string): Promise<void> {
    const attempt = currentAttempt(input)
    const step = `evaluate:${name}`
    const claim = await ports.journal.claim(attempt, { step, beforeSettle: false })
    if (claim.kind === 'done') return
    await withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, input, step)
      const work = workContext(ports, opened, { attempt, step, signal })
      const evaluator = opened.agent.evaluators.find((candidate) => candidate.name === name)
      const applies = evaluator && (await (evaluator.validate?.(work.context) ?? true))
      if (applies) {
        ports.turnEvents?.emit(opened.turn, 'EVALUATOR_STARTED', { evaluatorName: name })
        const told = (end: JsonObject) =>
          ports.turnEvents?.emit(opened.turn, 'EVALUATOR_COMPLETED', {
            evaluatorName: name,
            ...end,
          })
        try {
          await evaluator.handler(work.context)
          told({})
        } catch (error) {
          if (!signal.aborted) told({ error: wordsOf(error) })
          throw error
        }
      }
      const { messages, memories, relationships, records = [] } = work.writes
      const created = records.filter(({ kind }) => kind === 'memory.create')
      const count = memories.length + created.length
      const result = { ran: applies === true, memories: count, messages: messages.length }
      await ports.journal.finish(
        attempt,
        step,
        { ...result, relationships: relationships.length },
        {
          ...work.writes,
          turn: opened.turn,
          outboxSource: null,
          evaluator: name,
        },
      )
      await deliverElsewhere(ports, opened.turn, work.writes)
    })
  }
