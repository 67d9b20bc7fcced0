import { hasForeignMembers } from '../agent/build-agent.ts'
import type { Ports, StepCommit } from '../agent/ports.ts'
import type { Provider } from '../agent/provider.ts'
import type { OpenTurn } from './turn-context.ts'
import { type Work, type WorkPorts, type WorkStep, workContext } from './work-context.ts'

/** Model calls of one provider, at most, before they would meet those of the next. */
const CALLS_PER_PROVIDER = 1_000

/**
 * What plugins' providers work with: unlike ours they may write and ask models, so the step is claimed
 * for them, and what they write commits with the prompt. Undefined for agents without such members, unless
 * the round was asked for providers: ours may then ask models as well.
 */
export async function foreignWork(
  ports: WorkPorts & Pick<Ports, 'journal' | 'connectors'>,
  opened: OpenTurn,
  work: Pick<WorkStep, 'attempt' | 'step' | 'signal'> & { readonly isWanted: boolean },
) {
  const { agent, turn } = opened
  if (!work.isWanted && !hasForeignMembers(agent)) return undefined
  const { attempt, step } = work
  const claim = await ports.journal.claim(attempt, { step, beforeSettle: true })
  if (claim.kind === 'done') return 'done'
  const works: Work[] = []
  const reads = new Map<string, Promise<unknown>>()
  return {
    contextOf(provider: Provider) {
      const firstCall = agent.providers.indexOf(provider) * CALLS_PER_PROVIDER + 1
      const own = workContext(ports, opened, { ...work, firstCall, reads })
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
