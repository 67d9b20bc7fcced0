import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { agentIdOf } from '../../schema/character.ts'
import { type CountingProxy, startCountingProxy } from '../../test/support/counting-proxy.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { defaultAnswer, type StubScript } from '../../test/support/stub-openai.ts'
import { promptText } from '../../test/support/stub-openai-answer.ts'
import { say } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import { type House, openHouse } from '../house.ts'
import { OF_THE_STREAM } from './statements.ts'

const PLUGIN = fileURLToPath(new URL('./note-plugin.ts', import.meta.url))
const PLAIN = { name: 'Plain', bio: ['Answers.'], plugins: [] }
const NOTING = { name: 'Noting', bio: ['Answers, and notes what was said.'], plugins: [PLUGIN] }

/** What a turn through plugins may cost more: see docs/benchmarks.md. */
const MAX_MS = 50
const MAX_TRIPS = 14

/**
 * A turn through a plugin's provider, `validate` and action, which writes a memory, against a turn without,
 * in turns within one run: what plugins cost, whatever the machine does.
 */
export async function measurePlugins(port: number, turns: number): Promise<Figure[]> {
  const postgres = await startPostgres()
  const counter = await startCountingProxy(await postgres.createDatabase())
  const env = {
    POSTGRES_URL: counter.url,
    SECRET_SALT: 'bench',
    TURNKEEPER_SWEEP_INTERVAL_MS: '600000',
  }
  const house = await openHouse({ port, env, script, characters: [PLAIN, NOTING] })
  try {
    return [figureOf(await compared(house, counter, turns))]
  } finally {
    await house.stop()
    await counter.close()
    await postgres.stop()
  }
}

/** Whoever is offered the action takes it. */
const script: StubScript = (body, n) => {
  const answer = defaultAnswer(body, n)
  return promptText(body).includes('NOTE')
    ? { ...answer, text: answer.text.replace('>REPLY<', '>REPLY,NOTE<') }
    : answer
}

interface Cost {
  readonly ms: number
  readonly trips: number
}

async function compared(house: House, counter: CountingProxy, turns: number) {
  const turnOf = (character: { readonly name: string }) => {
    const place = { url: house.url, agentId: agentIdOf(character) }
    const channel = randomUUID()
    return async (): Promise<Cost> => {
      counter.reset()
      const { ms } = await say(place, channel, 'hello')
      return { ms, trips: counter.trips().filter((text) => !OF_THE_STREAM.test(text)).length }
    }
  }
  const [plain, noting] = [turnOf(PLAIN), turnOf(NOTING)]
  const costs: { plain: Cost[]; noting: Cost[] } = { plain: [], noting: [] }
  for (let warm = 0; warm < 16; warm += 1) await Promise.all([plain(), noting()])
  for (let n = 0; n < turns; n += 1) {
    costs.plain.push(await plain())
    costs.noting.push(await noting())
  }
  return costs
}

function figureOf({ plain, noting }: Record<'plain' | 'noting', readonly Cost[]>): Figure {
  const median = (costs: readonly Cost[], of: keyof Cost) =>
    percentile(
      costs.map((cost) => cost[of]),
      0.5,
    )
  const more = (of: keyof Cost) => round(median(noting, of) - median(plain, of), 1)
  const [moreMs, moreTrips] = [more('ms'), more('trips')]
  const [plainMs, notingMs] = [round(median(plain, 'ms'), 1), round(median(noting, 'ms'), 1)]
  const [plainTrips, notingTrips] = [median(plain, 'trips'), median(noting, 'trips')]
  return {
    what: 'a turn through plugins, compared with one without (Postgres)',
    budget: `p50 ≤ ${MAX_MS} ms and ${MAX_TRIPS} SQL round trips more`,
    measured: `${moreMs} ms (${notingMs} and ${plainMs} ms) and ${moreTrips} round trips (${notingTrips} and ${plainTrips}) more`,
    isMet: moreMs <= MAX_MS && moreTrips <= MAX_TRIPS,
    numbers: { moreMs, moreTrips, plainMs, notingMs, plainTrips, notingTrips },
  }
}
