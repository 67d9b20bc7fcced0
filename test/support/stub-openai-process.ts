/**
 * The stub vendor as a process of its own: its URL is the first line on stdout.
 * `GET /_requests` beside `/v1` tells what it has seen and what it would bill.
 */
import { parseArgs } from 'node:util'
import { defaultAnswer, startStubOpenai } from './stub-openai.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'first-token-ms': { type: 'string', default: '0' },
    'token-ms': { type: 'string', default: '0' },
    'pause-after-first-ms': { type: 'string', default: '0' },
    'chunk-size': { type: 'string', default: '20' },
  },
})

const stub = await startStubOpenai(
  (body, n) => ({
    ...defaultAnswer(body, n),
    firstTokenMs: Number(values['first-token-ms']),
    tokenMs: Number(values['token-ms']),
    pauseAfterFirst: Number(values['pause-after-first-ms']),
    chunkSize: Number(values['chunk-size']),
  }),
  Number(values.port),
)
process.stdout.write(`${stub.url}\n`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stub.close().then(() => process.exit(0)))
}
