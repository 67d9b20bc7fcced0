import type pg from 'pg'
import { stringsIn } from '../e2e/strings-in.ts'
import type { RecordedRequest } from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import type { BilledCall, Evidence, HistoryTexts, Rows, TurnEvidence } from './evidence.ts'

type Query = Pick<pg.Pool, 'query'>

const OF_ROOM = 'turn_id in (select id from turns where room_id = $1)'

/** What a channel's room holds; with the columns that `Rows` names. */
export async function collectRows(db: Query, roomId: string): Promise<Rows> {
  const ask = async <Row>(sql: string): Promise<Row[]> =>
    (await db.query<Row & pg.QueryResultRow>(sql, [roomId])).rows
  const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`
  const [turns, steps, modelCalls, outbox, memories, messages, records, taskRuns] =
    await Promise.all([
      ask<TurnEvidence>(`select id, gen, agent_id as "agentId", room_id as "roomId",
      message_id as "messageId", seq::int, state, reply_memory_id as "replyMemoryId",
      ${ms('started_at')} as "startedAt", ${ms('settled_at')} as "settledAt",
      ${ms('deadline_at')} as "deadlineAt", md5(t::text) as digest from turns t where room_id = $1 order by seq`),
      ask<Rows['steps'][number]>(`select turn_id as "turnId", gen, step, state,
      token = 'void' as "isVoid", (result ->> 'success')::boolean as success,
      result ? 'unknown' as "isUnknown", md5(s::text) as digest
      from steps s where ${OF_ROOM} order by started_at, step`),
      ask<
        Rows['modelCalls'][number]
      >(`select turn_id as "turnId", gen, step, call, attempt, try, state
      from model_calls where ${OF_ROOM} order by created_at, attempt, try`),
      ask<
        Rows['outbox'][number]
      >(`select id, turn_id as "turnId", seq::int, state, md5(o::text) as digest
      from outbox o where room_id = $1 order by seq`),
      ask<
        Rows['memories'][number]
      >(`select id, type, turn_id as "turnId", step, md5(m::text) as digest
      from memories m where room_id = $1 order by created_at, id`),
      ask<Rows['messages'][number]>(`select id, external_id as "externalId", turn_id as "turnId",
      content as text, md5(m::text) as digest from messages m
      where channel_id = (select channel_id from rooms where id = $1) order by created_at, id`),
      ask<Rows['records'][number]>(RECORDS),
      ask<Rows['taskRuns'][number]>(`select task_id as "taskId", state, md5(r::text) as digest
      from task_runs r where agent_id = (select agent_id from rooms where id = $1) order by started_at`),
    ])
  return { turns, steps, modelCalls, outbox, memories, messages, records, taskRuns }
}

/** What plugins wrote names its turn. */
const RECORDS = `
  with mine as (select id::text as turn from turns where room_id = $1)
  select 'component' as kind, id::text, type, turn as "turnId", md5(c::text) as digest
    from components c join mine on mine.turn = c.data ->> 'turn'
  union all
  select 'cache', key, value ->> 'type', turn, md5(c::text)
    from cache c join mine on c.key = (c.value ->> 'type') || ' of ' || mine.turn
  order by 1, 2`

/** Which turn and step a model call was for: the evaluator and plugins name theirs, `decide` the message. */
export function billOf(requests: readonly RecordedRequest[], rows: Rows): BilledCall[] {
  return requests.map(({ body, state }) => {
    const prompt = promptText(body)
    const named = /Evaluate <turn>(.*)<\/turn>/.exec(prompt)?.[1]
    if (named !== undefined) return { turnId: named, step: 'evaluate:REMEMBER', state }
    const [, step, turnId] = /Ask <step>(.*)<\/step><turn>(.*)<\/turn>/.exec(prompt) ?? []
    if (step !== undefined && turnId !== undefined) return { turnId, step, state }
    const asked = prompt.slice(prompt.lastIndexOf('\n<message_to_answer>'))
    const message = rows.messages.find((m) => m.externalId !== null && asked.includes(m.text))
    const turn = rows.turns.find(({ messageId }) => messageId === message?.id)
    return { turnId: turn?.id ?? 'nobody', step: 'decide', state }
  })
}

/** The history of a Workflow as `GET /api/turns/:id/history` gives it, decoded. */
export async function historyTexts(apiUrl: string, turnId: string): Promise<HistoryTexts> {
  const answer = await fetch(`${apiUrl}/api/turns/${turnId}/history`)
  return { turnId, texts: stringsIn(await answer.json()) }
}

/** Evidence without what differs from run to run, for the report of a violation. */
export const inBrief = ({ rows, inbound, visible, effects, bill }: Evidence): string =>
  JSON.stringify({ inbound, visible, effects, bill, rows }, undefined, 1)
