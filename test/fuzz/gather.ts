import type pg from 'pg'
import { createUniqueUuid } from '../../schema/ids.ts'
import { collectRows, historyTexts } from '../crash/collect.ts'
import type { Evidence } from '../crash/evidence.ts'
import { billOf, type Claims } from './bill.ts'
import type { Stage } from './stage.ts'

/** What a turn's row says beyond the evidence of the crash matrix. */
export interface TurnFacts {
  readonly id: string
  readonly roomId: string
  readonly state: string
  readonly gen: number
  readonly policy: string
  readonly answeredBy: string | null
  readonly acceptedAt: number
  /** It left the queue of its room, and came back behind others: an approval, or an operator. */
  readonly leftQueue: boolean
  /** Another decision was made for it: by an operator's retry, or because messages steered it. */
  readonly decidedAgain: boolean
  readonly text: string
}

/** One agent's room, with everything that happened there. */
export interface RoomEvidence {
  readonly name: string
  readonly agentId: string
  readonly roomId: string
  readonly facts: readonly TurnFacts[]
  readonly evidence: Evidence
}

export interface RunEvidence {
  readonly rooms: readonly RoomEvidence[]
  readonly claims: Claims
  /** By the approval's id: what its row says. */
  readonly approvals: ReadonlyMap<string, string>
}

/** Histories are long: of these rooms only. */
const ROOMS_WITH_HISTORIES = 2

export async function gather(stage: Stage): Promise<RunEvidence> {
  const { db, stub } = stage.house
  const claims = await billOf(db, stub.requests())
  const apiUrl = stage.house.slots.map((slot) => slot.url()).find((url) => url !== undefined)
  const places = stage.plan.rooms.flatMap(({ agents }, room) =>
    agents.map((agent) => ({ room, agentId: stage.scene.agentIds[agent] ?? '' })),
  )
  const rooms: RoomEvidence[] = []
  for (const place of places) {
    const withHistories = rooms.length < ROOMS_WITH_HISTORIES
    rooms.push(
      await gatherRoom(stage, { ...place, claims, apiUrl: withHistories ? apiUrl : undefined }),
    )
  }
  const { rows } = await db.query<{ id: string; state: string }>('select id, state from approvals')
  return { rooms, claims, approvals: new Map(rows.map(({ id, state }) => [id, state])) }
}

interface Place {
  readonly room: number
  readonly agentId: string
  readonly claims: Claims
  /** Of an api that tells histories; undefined: none are wanted. */
  readonly apiUrl: string | undefined
}

async function gatherRoom(stage: Stage, place: Place): Promise<RoomEvidence> {
  const { room, agentId, claims, apiUrl } = place
  const { db, platform } = stage.house
  const planned = stage.plan.rooms[room]
  const channelId = stage.scene.channelIds[room] ?? ''
  const roomId = createUniqueUuid(agentId, channelId)
  const [rows, facts] = await Promise.all([collectRows(db, roomId), collectFacts(db, roomId)])
  const ids = new Set(rows.turns.map(({ id }) => id))
  const source = planned?.source ?? 'own'
  const here = [...stage.said.values()].filter(({ say }) => say.room === room)
  const others = await otherRows(db, channelId, roomId)
  const given = await givenUp(db, roomId)
  const evidence: Evidence = {
    rows: {
      ...rows,
      steps: rows.steps.map((step) => ({
        ...step,
        isVoid: step.isVoid || given.has(`${step.turnId} ${step.gen} ${step.step}`),
      })),
      modelCalls: rows.modelCalls.filter(({ step }) => step !== 'evaluate:REFLECTION'),
    },
    inbound: here.map(({ externalId, turnIds }) => ({
      externalId,
      turnIds: [...(turnIds.get(agentId) ?? [])],
    })),
    visible: platform
      .visible(channelId)
      .filter(({ rowId, text }) => text !== '…' && !others.has(rowId)),
    dedup: source === 'own' ? 'nonce' : source,
    effects: platform.effects
      .filter(({ turnId }) => ids.has(turnId))
      .map((effect) => ({ ...effect })),
    bill: claims.calls.filter(({ turnId }) => ids.has(turnId)),
    histories:
      apiUrl === undefined
        ? []
        : await Promise.all([...ids].slice(0, 30).map((id) => historyTexts(apiUrl, id))),
    canaries: here.map(({ say }) => say.text),
  }
  return { name: `${planned?.name} of ${agentId}`, agentId, roomId, facts, evidence }
}

/** Outbox rows of other agents in the channel. */
async function otherRows(db: pg.Pool, channelId: string, roomId: string): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select o.id from outbox o join rooms r on r.id = o.room_id
     where r.channel_id = $1 and r.id <> $2`,
    [channelId, roomId],
  )
  return new Set(rows.map(({ id }) => id))
}

/** Evaluators that failed for good: that is noted with their step, and no broken promise. */
async function givenUp(db: pg.Pool, roomId: string): Promise<Set<string>> {
  const { rows } = await db.query<{ key: string }>(
    `select concat_ws(' ', s.turn_id, s.gen, s.step) as key from steps s join turns t on t.id = s.turn_id
     where t.room_id = $1 and s.step like 'evaluate:%' and s.state = 'pending' and s.error is not null`,
    [roomId],
  )
  return new Set(rows.map(({ key }) => key))
}

async function collectFacts(db: pg.Pool, roomId: string): Promise<TurnFacts[]> {
  const { rows } = await db.query<TurnFacts>(
    `select t.id, t.room_id as "roomId", t.state, t.gen, t.policy, t.answered_by as "answeredBy",
      (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedAt", m.content as text,
      t.gen > 1 or exists (select from approvals a where a.turn_id = t.id) as "leftQueue",
      exists (select from dead_letter_acts d where d.turn_id = t.id and d.act = 'retry')
        or exists (select from steps s where s.turn_id = t.id and s.step like 'decide:%') as "decidedAgain"
     from turns t join messages m on m.id = t.message_id where t.room_id = $1 order by t.seq`,
    [roomId],
  )
  return rows
}
