import { z } from 'zod'
import { stringToUuid } from '../../schema/ids.ts'
import type { Answered, Ask } from './client.ts'
import type { Plan } from './plan.ts'

/** Who is where, under the ids of this run's database. */
export interface Scene {
  readonly agentIds: readonly string[]
  /** By the index of the room. */
  readonly channelIds: readonly string[]
}

export const personId = (seed: number, person: number): string =>
  stringToUuid(`fuzz:${seed}:person:${person}`)

const AGENTS = ['Eve', 'Ada']

const created = z.object({ data: z.object({ id: z.string() }) })

/** Makes the agents and the channels, before anything goes wrong. */
export async function setScene(plan: Plan, ask: Ask, signal: AbortSignal): Promise<Scene> {
  const post = async (path: string, body: object) =>
    well(path, await ask({ method: 'POST', path, body, api: 0 }, signal))
  const agentIds: string[] = []
  for (const name of AGENTS) {
    const characterJson = { name, bio: [`${name} answers what she is asked.`] }
    const { data } = created.parse((await post('/api/agents', { characterJson })).body)
    await post(`/api/agents/${data.id}/start`, {})
    agentIds.push(data.id)
  }
  const channelIds = plan.rooms.map(({ name }) => stringToUuid(`fuzz:${plan.seed}:${name}`))
  for (const [index, { name, agents }] of plan.rooms.entries()) {
    const participantCentralUserIds = agents.map((agent) => agentIds[agent])
    const body = { id: channelIds[index], name, participantCentralUserIds }
    await post('/api/messaging/channels', body)
  }
  return { agentIds, channelIds }
}

function well(path: string, answered: Answered | undefined): Answered {
  if (answered && answered.status < 300) return answered
  throw new Error(`The scene could not be set: ${path} answered ${JSON.stringify(answered)}`)
}
