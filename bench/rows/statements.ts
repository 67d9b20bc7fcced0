import { randomUUID } from 'node:crypto'
import { startCountingProxy } from '../../test/support/counting-proxy.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { say } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import { openHouse } from '../house.ts'

/** Of the turn stream between processes: beside the turn, and never waited for by it. */
export const OF_THE_STREAM = /stream_chunks|stream_listeners|pg_notify/

/**
 * SQL round trips from a message to its reply, counted on the wire in front of a real Postgres, BEGIN
 * and COMMIT included; the median, because every eighth turn is followed by an evaluator's.
 */
export async function measureStatements(port: number, turns: number): Promise<Figure[]> {
  const postgres = await startPostgres()
  const counter = await startCountingProxy(await postgres.createDatabase())
  const env = {
    POSTGRES_URL: counter.url,
    SECRET_SALT: 'bench',
    TURNKEEPER_SWEEP_INTERVAL_MS: '600000',
  }
  const house = await openHouse({ port, env })
  try {
    const channel = randomUUID()
    for (let warm = 0; warm < 16; warm += 1) await say(house, channel, 'warm-up')
    const turn = async () => {
      counter.reset()
      const { ms } = await say(house, channel, 'hello')
      const statements = counter.trips()
      const beside = statements.filter((text) => OF_THE_STREAM.test(text)).length
      return { ms, beside, own: statements.length - beside }
    }
    const counted: Awaited<ReturnType<typeof turn>>[] = []
    for (let n = 0; n < turns; n += 1) counted.push(await turn())
    const median = (of: 'ms' | 'own' | 'beside') =>
      round(
        percentile(
          counted.map((one) => one[of]),
          0.5,
        ),
        1,
      )
    const [perTurn, beside, p50] = [median('own'), median('beside'), median('ms')]
    return [
      {
        what: 'SQL round trips before the reply (Postgres, BEGIN and COMMIT counted)',
        budget: '≤ 20',
        measured: `${perTurn} (and ${beside} of the stream between processes); reply p50 ${p50} ms`,
        isMet: perTurn <= 20,
        numbers: { perTurn, beside, replyP50Ms: p50 },
      },
    ]
  } finally {
    await house.stop()
    await counter.close()
    await postgres.stop()
  }
}
