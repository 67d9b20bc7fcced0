import { hasForeignMembers } from '../agent/build-agent.ts'
import type { LoadedTurn, Ports, StepCommit } from '../agent/ports.ts'
import type { Provider } from '../agent/provider.ts'
import { mustBeRegular } from './regular-step.ts'
import type { OpenTurn } from './turn-context.ts'
import { type Work, type WorkPorts, type WorkStep, workContext } from './work-context.ts'

/** Above the limit that plugins' providers have of their own, which names them. */
const FOREIGN_TIMEOUT_MS = 10_000

/** One that hangs must leave time for the answer: it gets a third of what is left. */
export const foreignTimeoutMs = ({ deadlineAt }: Pick<LoadedTurn, 'deadlineAt'>): number =>
  Math.max(1, Math.min(FOREIGN_TIMEOUT_MS, Math.floor((deadlineAt - Date.now()) / 3)))

/** Model calls of one provider, at most, before they would meet those of the next. */
const CALLS_PER_PROVIDER = 1_000

/**
 * What plugins' providers work with: unlike ours they may write and ask models, so the step is claimed
 * for them, and what they write commits with the prompt. Undefined for agents without such members, unless
 * the round was asked for providers: ours may then ask models as well.
 * @throws {RegularStepError} it runs as a local one: its agent got such members since it was admitted
 */
export async function foreignWork(
  ports: WorkPorts & Pick<Ports, 'journal' | 'connectors'>,
  opened: OpenTurn,
  work: Pick<WorkStep, 'attempt' | 'step' | 'signal'> & { readonly isWanted: boolean },
) {
  if (!work.isWanted && !hasForeignMembers(opened.agent)) return undefined
  const { attempt, step } = work
  mustBeRegular(step)
  const claim = await ports.journal.claim(attempt, { step, beforeSettle: true })
  return claim.kind === 'done' ? 'done' : claimedWork(ports, opened, work)
}

/** The same in a step that is claimed already. */
export function claimedWork(
  ports: WorkPorts & Pick<Ports, 'connectors'>,
  opened: OpenTurn,
  work: Pick<WorkStep, 'attempt' | 'step' | 'signal'> & {
    /** The step asks models itself, from call 1 on. */
    readonly hasOwnCalls?: boolean
  },
) {
  const { agent, turn } = opened
  const { attempt, step, signal, hasOwnCalls = false } = work
  const before = hasOwnCalls ? CALLS_PER_PROVIDER : 0
  const works: Work[] = []
  const reads = new Map<string, Promise<unknown>>()
  return {
    contextOf(provider: Provider) {
      const firstCall = before + agent.providers.indexOf(provider) * CALLS_PER_PROVIDER + 1
      const own = workContext(ports, opened, { attempt, step, signal, firstCall, reads })
      works.push(own)
      return own.context
    },
    commit: (): StepCommit => ({
      messages: works.flatMap(({ writes }) => writes.messages),
      memories: works.flatMap(({ writes }) => writes.memories),
      relationships: works.flatMap(({ writes }) => writes.relationships),
      records: works.flatMap(({ writes }) => writes.records ?? []),
      turn,
      outboxSource: ports.connectors.for(turn.room.source) ? turn.room.source : null,
    }),
  }
}
