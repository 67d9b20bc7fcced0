import { callSpeech } from '../../activities/speak.ts'
import { callTranscription } from '../../activities/transcribe.ts'
import { ConflictError, ModelError } from '../../agent/errors.ts'
import type { Ports } from '../../agent/ports.ts'
import type { AudioPort } from '../../api/audio-port.ts'
import type { AgentStore } from '../agent-store.ts'

/** A request that takes longer is given up. */
const LIMIT_MS = 120_000

export interface AudioParts {
  readonly agents: Pick<AgentStore, 'stored'>
  readonly ports: Ports
}

/** Sound by the models of an agent, in no turn and no room: nothing fences it, the ledger has it. */
export function createAudioPort(parts: AudioParts): AudioPort {
  const { ports } = parts
  return {
    async transcribe(agentId, recording, signal) {
      const question = await questionOf(parts, agentId)
      return withinLimit(signal, (limited) =>
        callTranscription(ports, {
          ...{ ...question, ...recording },
          step: 'transcription',
          signal: limited,
        }),
      )
    },
    async speak(agentId, speech, signal) {
      const question = await questionOf(parts, agentId)
      return withinLimit(signal, (limited) =>
        callSpeech(ports, { ...question, speech, step: 'speech', signal: limited }),
      )
    },
  }
}

/** @throws {NotFoundError} @throws {ConflictError} the agent is stopped. */
async function questionOf({ agents, ports }: AudioParts, agentId: string) {
  const { row } = await agents.stored(agentId)
  if (row.status !== 'active') {
    throw new ConflictError(
      `The agent '${row.name}' is stopped. Start it with POST /api/agents/${agentId}/start.`,
      'agent_stopped',
    )
  }
  const agent = await ports.agents.get(agentId, row.updated_at.getTime())
  return { attempt: null, call: 1, agent, subject: {}, deadlineAt: Date.now() + LIMIT_MS }
}

async function withinLimit<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(LIMIT_MS)
  try {
    return await work(AbortSignal.any([signal, limit]))
  } catch (cause) {
    if (!limit.aborted) throw cause
    throw new ModelError(`The vendor gave no answer within ${LIMIT_MS / 1_000} s. Try again.`, {
      ...{ code: 'model_unavailable', retryable: true },
      cause,
    })
  }
}
