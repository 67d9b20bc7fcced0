import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { follow } from './follow.ts'
import type { Say } from './plan.ts'
import { personId } from './scene.ts'
import { type Said, type Stage, turnsOf } from './stage.ts'

/** The part of an answer that every transport has. */
const posted = z.object({
  turns: z.array(z.object({ id: z.string(), agentId: z.string() })),
})

/** Sends a message until an api has it, and the repeats that the plan wants. */
export async function speak(stage: Stage, say: Say): Promise<void> {
  const externalId = `fuzz-${stage.plan.seed}-${say.id}`
  const said: Said = { say, externalId, turnIds: new Map(), refusal: undefined }
  stage.said.set(say.id, said)
  const repeats = say.repeats.map(async ({ afterMs, api }) => {
    await delay(afterMs)
    await post(stage, said, api)
  })
  await Promise.all([post(stage, said, say.api), ...repeats])
  if (say.transport !== 'sse') return
  await Promise.all(turnsOf(said).map((turnId) => follow(stage, turnId, say.api)))
}

async function post(stage: Stage, said: Said, api: number): Promise<void> {
  const { say, externalId } = said
  const channel = stage.scene.channelIds[say.room] ?? ''
  const path = `/api/messaging/channels/${channel}/messages`
  const answered = await stage.ask(
    { method: 'POST', path, api, ...request(stage, say, externalId) },
    stage.signal,
  )
  stage.journal.note({ op: 'say', id: say.id, api, status: answered?.status ?? 'given up' })
  if (!answered) return
  if (answered.status >= 400) {
    stage.journal.note({ op: 'say', id: say.id, refused: answered.body })
    said.refusal = answered.status
    return
  }
  for (const { id: turnId, agentId } of posted.parse(answered.body).turns) {
    const known = said.turnIds.get(agentId) ?? new Set()
    said.turnIds.set(agentId, known.add(turnId))
    stage.journal.note({ op: 'say', id: say.id, turnId })
  }
}

/** People on a platform are repeated by its ids, our own clients repeat under a key. */
function request({ plan }: Stage, say: Say, externalId: string) {
  const source = plan.rooms[say.room]?.source ?? 'own'
  const body = {
    author_id: personId(plan.seed, say.person),
    content: say.text,
    // A stream is read beside it, because a message must be repeated until it is taken.
    transport: say.transport === 'http' ? 'http' : 'websocket',
    overlap: say.overlap,
    metadata: { isDm: true },
  }
  if (source === 'own') return { body, headers: { 'idempotency-key': externalId } }
  return { body: { ...body, source_type: source, source_id: externalId } }
}
