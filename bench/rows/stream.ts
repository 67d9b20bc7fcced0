import { randomUUID } from 'node:crypto'
import { replyXml, type StubScript } from '../../test/support/stub-openai.ts'
import { stream } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import type { House } from '../house.ts'

/**
 * The stub's answer in two chunks: everything up to the first words of the text, then, when told to,
 * the rest. What is measured is the way from the vendor's socket to the client's.
 */
export function createTwoChunkScript(): {
  script: StubScript
  release(): void
} {
  let release: () => void = () => undefined
  const answer = replyXml('These words come first. These come later.')
  const chunkSize = answer.indexOf('These come')
  return {
    release: () => release(),
    script: () => {
      const pauseAfterFirst = new Promise<void>((resolve) => {
        release = resolve
      })
      return { kind: 'text', text: answer, chunkSize, pauseAfterFirst }
    },
  }
}

export async function measureFirstToken(
  house: House,
  turns: number,
  release: () => void,
): Promise<Figure[]> {
  const channel = randomUUID()
  const times: number[] = []
  for (let n = 0; n < turns; n += 1) {
    const asked = house.stub.requests().length
    for await (const { event } of await stream(house, channel, 'hello')) {
      if (event !== 'chunk') continue
      const receivedAt = house.stub.requests()[asked]?.receivedAt
      if (receivedAt !== undefined) times.push(Date.now() - receivedAt)
      release()
    }
  }
  const firsts = times.filter((_, n) => n % 2 === 0) // two chunks a turn, the first one counts
  const p50 = round(percentile(firsts, 0.5), 1)
  return [
    {
      what: 'first streamed token after the vendor sent it',
      budget: 'p50 ≤ 10 ms',
      measured: `p50 ${p50} ms (from the vendor having the request)`,
      isMet: p50 <= 10,
      numbers: { p50, turns },
    },
  ]
}
