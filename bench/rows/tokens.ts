import { randomUUID } from 'node:crypto'
import { defaultAnswer, replyXml, type StubScript } from '../../test/support/stub-openai.ts'
import { promptText } from '../../test/support/stub-openai-answer.ts'
import { stream } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import type { House } from '../house.ts'

/** Tokens of one answer, the pace at which the stub sends them, and how many answers are measured. */
const TOKENS = 100
const PACE_MS = 15
const CHUNK = 5
const ANSWERS = 10

/** A word and a blank, of one length, so that each chunk brings one further word. */
const WORDS = Array.from({ length: TOKENS }, (_, n) => `w${String(n).padStart(3, '0')} `)
const ANSWER = replyXml(WORDS.join(''))
const TEXT_AT = ANSWER.indexOf('w000')

/** An answer of many tokens, and when each of its chunks was sent. */
export function createTokenScript() {
  let sentAt: number[] = []
  const script: StubScript = (body, n) => {
    if (!promptText(body).includes('<message_to_answer>')) return defaultAnswer(body, n)
    sentAt = []
    const onChunk = (index: number) => {
      sentAt[index] = performance.now()
    }
    return { kind: 'text', text: ANSWER, chunkSize: CHUNK, tokenMs: PACE_MS, onChunk }
  }
  /** When the stub had sent the first so many characters of the text. */
  const sent = (characters: number) => sentAt[Math.floor((TEXT_AT + characters - 1) / CHUNK)]
  return { script, sent }
}

/** What is added to each token on its way from the vendor's socket to the client's. */
export async function measureTokens(
  house: House,
  sent: (characters: number) => number | undefined,
): Promise<Figure[]> {
  const times: number[] = []
  for (let answer = 0; answer < ANSWERS; answer += 1) {
    let received = 0
    for await (const { event, data } of await stream(house, randomUUID(), 'tell me')) {
      if (event !== 'chunk') continue
      received += (JSON.parse(data) as { chunk: string }).chunk.length
      const at = sent(received)
      if (at !== undefined) times.push(performance.now() - at)
    }
  }
  const [p50, p99] = [round(percentile(times, 0.5), 1), round(percentile(times, 0.99), 1)]
  return [
    {
      what: 'a streamed token, from the vendor to the client',
      budget: 'p50 ≤ 10 ms',
      measured: `p50 ${p50} ms, p99 ${p99} ms`,
      isMet: p50 <= 10,
      numbers: { p50, p99, tokens: times.length },
    },
  ]
}
