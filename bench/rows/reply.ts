import { randomUUID } from 'node:crypto'
import { say } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import type { House } from '../house.ts'
import { cpuMs, processTree } from '../processes.ts'

/** One room, one message after the other: reply time, CPU per turn, time until the model is asked. */
export async function measureReply(house: House, turns: number): Promise<Figure[]> {
  const channel = randomUUID()
  for (let warm = 0; warm < 30; warm += 1) await say(house, channel, 'warm-up')
  const pids = processTree(house.pid())
  const before = { cpu: cpuMs(pids), requests: house.stub.requests().length }
  const sent = []
  for (let n = 0; n < turns; n += 1) sent.push(await say(house, channel, `message ${n}`))
  const cpu = (cpuMs(pids) - before.cpu) / turns
  const times = sent.map((one) => one.ms)
  const requests = house.stub.requests().slice(before.requests).filter(isDecision)
  const wire = sent.map((one, n) => (requests[n]?.receivedAt ?? Number.NaN) - one.sentAt)
  const p50 = round(percentile(times, 0.5), 1)
  const p99 = round(percentile(times, 0.99), 1)
  const wire50 = percentile(wire, 0.5)
  return [
    {
      what: 'reply, one room, embedded default',
      budget: 'p50 ≤ 40 ms, p99 ≤ 120 ms',
      measured: `p50 ${p50} ms, p99 ${p99} ms`,
      isMet: p50 <= 40 && p99 <= 120,
      numbers: { p50, p99, turns },
    },
    {
      what: 'CPU of all processes per turn',
      budget: '≤ 50 ms',
      measured: `${round(cpu, 1)} ms`,
      isMet: cpu <= 50,
      numbers: { cpuMs: round(cpu, 1) },
    },
    {
      what: 'message posted → model request on the wire',
      budget: 'p50 ≤ 25 ms',
      measured: `p50 ${wire50} ms`,
      isMet: wire50 <= 25,
      numbers: { p50: wire50 },
    },
  ]
}

/** An evaluator may ask as well; only the turn's own question names a message. */
const isDecision = ({ body }: { body: { messages?: readonly { content: string }[] } }) =>
  body.messages?.some(({ content }) => content.includes('<message_to_answer>')) ?? false
