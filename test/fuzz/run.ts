/**
 * `npm run test:fuzz`: random messages, policies, cancels, approvals and faults on every process and
 * server; then all must settle.
 *
 *   --seed <n>        decides everything that can be decided (a fresh one)
 *   --minutes <n>     how long there are messages and faults (2)
 *   --rate <n>        messages per second (2)
 *   --replay <path>   the plan of an earlier run: its folder, or a file
 *   --plan            prints the plan, and does nothing
 *   --keep            keeps what a run leaves behind although it passed
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makePlan } from './make-plan.ts'
import type { Plan } from './plan.ts'
import { loadPlan, planText } from './plan-file.ts'
import { runPlan } from './run-plan.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '2' },
    replay: { type: 'string' },
    plan: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})

const say = (line: string) => void process.stdout.write(`${line}\n`)

function numberOf(name: 'seed' | 'minutes' | 'rate', given: string): number {
  const number = Number(given)
  if (Number.isFinite(number) && number >= 0) return number
  throw new Error(`--${name} expects a number, got '${given}'.`)
}

const chosen = (): Plan =>
  makePlan({
    seed: Math.trunc(numberOf('seed', values.seed ?? `${randomInt(2 ** 31)}`)),
    minutes: numberOf('minutes', values.minutes),
    rate: numberOf('rate', values.rate),
  })

const plan = values.replay === undefined ? chosen() : await loadPlan(values.replay)

if (values.plan) say(planText(plan))
else process.exit((await run()) ? 0 : 1)

async function run(): Promise<boolean> {
  const given = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => given.abort())
  const folder = await mkdtemp(join(tmpdir(), `turnkeeper-fuzz-${plan.seed}-`))
  say(`seed ${plan.seed}, ${plan.ops.length} operations within ${plan.forMs / 1_000} s.`)
  say('The plan is the same for the same seed; what it meets depends on the machine and its load.')
  const wrong = await runPlan(plan, { folder, signal: given.signal, say }).catch(
    (error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  )
  for (const what of wrong) say(`  ${what}`)
  const isGood = wrong.length === 0
  if (isGood && !values.keep) await rm(folder, { recursive: true, force: true })
  else say(`What it left behind is in ${folder}; --replay ${folder} runs the same plan again.`)
  say(isGood ? `PASSED seed ${plan.seed}` : `FAILED seed ${plan.seed} (${folder})`)
  return isGood
}
