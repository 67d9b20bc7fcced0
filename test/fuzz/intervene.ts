import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Cancel, Letter } from './plan.ts'
import { type Stage, turnsOf } from './stage.ts'

/** People and operators who meddle with turns that are under way. */

export async function cancel(stage: Stage, { message, api, partial }: Cancel): Promise<void> {
  const said = stage.said.get(message)
  const turns = said ? turnsOf(said) : []
  stage.journal.note({ op: 'cancel', message, partial, turns })
  await Promise.all(
    turns.map(async (turnId) => {
      stage.cancelled.add(turnId)
      const path = `/api/turns/${turnId}/cancel`
      const answered = await stage.ask(
        { method: 'POST', path, body: { partial }, api },
        stage.signal,
      )
      stage.journal.note({ op: 'cancel', message, turnId, answered })
    }),
  )
}

const letters = z.object({
  data: z.object({
    deadLetters: z.array(z.object({ turnId: z.string(), text: z.string().nullable() })),
  }),
})

/** Retries or closes the newest turn that ended badly. */
export async function openLetter(stage: Stage, { act, edits, api }: Letter): Promise<void> {
  const path = '/api/dead-letters'
  const list = await stage.ask({ path: `${path}?limit=5`, api }, stage.signal)
  if (list?.status !== 200) return stage.journal.note({ op: 'letter', list })
  const found = letters.parse(list.body).data.deadLetters[0]
  if (!found) return
  const { turnId, text } = found
  const edited = edits && act === 'retry' ? { text: `${text ?? ''} (edited)` } : {}
  const body = { by: 'fuzz', ...edited }
  const answered = await stage.ask(
    { method: 'POST', path: `${path}/${turnId}/${act}`, body, api },
    stage.signal,
  )
  stage.journal.note({ op: 'letter', act, turnId, status: answered?.status })
}

const approvals = z.object({
  data: z.object({ approvals: z.array(z.object({ id: z.string(), turnId: z.string() })) }),
})

const LOOK_MS = 700

export interface Phase {
  isHealing(): boolean
  isOver(): boolean
}

/** Answers what is asked, as the plan of the message says; in the heal phase everything at once. */
export async function answerApprovals(stage: Stage, { isHealing, isOver }: Phase): Promise<void> {
  const seen = new Set<string>()
  for (let look = 0; !stage.signal.aborted && !isOver(); look += 1) {
    const path = '/api/approvals?state=pending&limit=200'
    const list = await stage.ask({ path, api: look % 2 }, stage.signal)
    const pending = list?.status === 200 ? approvals.parse(list.body).data.approvals : []
    for (const { id, turnId } of pending) {
      const planned = approvalOf(stage, turnId)
      if (seen.has(id) || (!planned && !isHealing())) continue
      seen.add(id)
      const waitMs = isHealing() ? 0 : (planned?.afterMs ?? 0)
      const decisions = decisionsOf(planned)
      setTimeout(() => {
        decisions.forEach((decision, index) => {
          void answer(stage, { id, decision, api: look + index })
        })
      }, waitMs)
    }
    await delay(LOOK_MS, undefined, { signal: stage.signal }).catch(() => undefined)
  }
}

type Planned = ReturnType<typeof approvalOf>

const decisionsOf = (planned: Planned): readonly string[] => {
  const first = planned?.decision ?? 'approve'
  return planned?.isContested ? [first, first === 'approve' ? 'deny' : 'approve'] : [first]
}

/** Merged messages are asked about as the turn that answers for them. */
function approvalOf({ said }: Stage, turnId: string) {
  const asked = [...said.values()].find((one) => turnsOf(one).includes(turnId))
  return asked?.say.approval ?? null
}

interface Answer {
  readonly id: string
  readonly decision: string
  readonly api: number
}

async function answer(stage: Stage, { id, decision, api }: Answer): Promise<void> {
  const path = `/api/approvals/${id}/answer`
  const body = { decision, by: 'fuzz' }
  const answered = await stage.ask({ method: 'POST', path, body, api }, stage.signal)
  stage.journal.note({ op: 'answer', id, decision, status: answered?.status })
  if (answered?.status === 200) {
    stage.answers.set(id, [...(stage.answers.get(id) ?? []), decision])
  }
}
