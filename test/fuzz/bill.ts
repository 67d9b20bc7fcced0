import type pg from 'pg'
import type { BilledCall } from '../crash/evidence.ts'
import type { RecordedRequest } from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'

/** The vendor's side of a run. */
export interface Claims {
  readonly calls: readonly BilledCall[]
  /** Of REFLECTION, whose prompt names no turn. */
  readonly reflections: readonly BilledCall['state'][]
  /** The ledger's rows of the same. */
  readonly reflectionCalls: readonly string[]
  /** Calls with a prompt that nobody has stored. */
  readonly strange: readonly string[]
}

interface Prompt {
  readonly turnId: string
  readonly step: string
  readonly prompt: string
}

/** Which turn and step each call was for: its prompt is stored, or names the turn. */
export async function billOf(db: pg.Pool, requests: readonly RecordedRequest[]): Promise<Claims> {
  const { rows } = await db.query<Prompt>(
    'select turn_id as "turnId", step, prompt from prompts order by gen',
  )
  const ledger = await db.query<{ state: string }>(
    `select state from model_calls where step = 'evaluate:REFLECTION'`,
  )
  const known = new Map(rows.map((row) => [row.prompt, row]))
  const calls: BilledCall[] = []
  const reflections: BilledCall['state'][] = []
  const strange: string[] = []
  for (const { body, state } of requests) {
    const asked = promptText(body)
    const named = /^Evaluate <turn>(.*)<\/turn>/.exec(asked)?.[1]
    // A call that goes on behind a broken one has more than the prompt.
    const stored = known.get(asked) ?? rows.find(({ prompt }) => asked.startsWith(prompt))
    if (named !== undefined) calls.push({ turnId: named, step: 'evaluate:REMEMBER', state })
    else if (stored) calls.push({ turnId: stored.turnId, step: stored.step, state })
    else if (body.model?.startsWith('small')) reflections.push(state)
    else strange.push(asked.slice(-300))
  }
  return { calls, reflections, strange, reflectionCalls: ledger.rows.map((row) => row.state) }
}
