import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from '@jest/globals'

let child: ChildProcess | undefined

afterEach(async () => {
  if (!child || child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
})

async function start(...flags: string[]): Promise<string> {
  const script = new URL('./stub-openai-process.ts', import.meta.url).pathname
  child = spawn(process.execPath, [script, '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (!child.stdout) throw new Error('The stub has no stdout.')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('The stub ended without a line.')
}

const ask = (url: string, stream: boolean) =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test' },
    body: JSON.stringify({
      model: 'stub',
      stream,
      stream_options: stream ? { include_usage: true } : undefined,
      messages: [
        { role: 'user', content: '\n<message_to_answer>\nfish & chips\n</message_to_answer>' },
      ],
    }),
  })

const json = async (response: Response): Promise<unknown> => response.json()

describe('the stub vendor as a process', () => {
  it('prints its address first, answers, and tells what it has seen', async () => {
    const url = await start()
    const whole = await json(await ask(url, false))
    const content = expect.stringContaining('<text>You said: fish &amp; chips</text>')
    expect(whole).toMatchObject({
      choices: [{ message: { content } }],
      usage: { prompt_tokens: 5 },
    })

    const { origin } = new URL(url)
    const seen = await json(await fetch(`${origin}/_requests`))
    expect(seen).toMatchObject({
      bill: { requests: 1, promptTokens: 5 },
      requests: [{ n: 1, authorization: 'Bearer sk-test', state: 'answered' }],
    })
  })

  it('streams with usage in the chunk before the end', async () => {
    const url = await start('--token-ms', '1', '--chunk-size', '50')
    const lines = (await (await ask(url, true)).text()).trim().split('\n\n')
    expect(lines.at(-1)).toBe('data: [DONE]')
    const last = JSON.parse(lines.at(-2)?.slice('data: '.length) ?? '{}')
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 5 } })
    expect(lines.length).toBeGreaterThan(4)
  })

  it('lists a model', async () => {
    const url = await start()
    const models = await json(await fetch(`${url}/models`))
    expect(models).toMatchObject({ data: [{ object: 'model' }] })
  })
})
