import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { NoAgentError } from '../../cli/chat-session.ts'
import { type ChatBench, createChatBench } from '../support/chat-bench.ts'
import { eventually } from '../support/eventually.ts'
import { fakePipe } from '../support/fake-io.ts'

let bench: ChatBench
beforeEach(async () => {
  bench = await createChatBench()
  bench.fake.onTurn = ({ turnId }, content) => {
    bench.fake.say(turnId, 'Discarded', { seq: 0 })
    bench.fake.say(turnId, 'You said', { seq: 0, attempt: 2 })
    bench.fake.settle(turnId, { reply: { text: `You said ${content}.\x1b[2J` } })
  }
})
afterEach(() => bench.close())

describe('a chat through a pipe', () => {
  it('reads a message per line and prints only the final answers, then ends', async () => {
    const pipe = fakePipe()
    const { url } = await bench.serve()
    pipe.type('one\n\ntwo')
    pipe.end()
    await bench.chat(pipe.io, url, 'Ada').ended
    expect(pipe.seen.stdout).toBe('You said one.␛[2J\nYou said two.␛[2J\n')
    expect(pipe.seen.stderr).toContain('built-in rule-based ELIZA')
  })

  it('refuses an agent that is not there, naming the nearest', async () => {
    const pipe = fakePipe()
    const { url } = await bench.serve()
    const leaving = new AbortController()
    const { runChat } = await import('../../cli/chat.ts')
    const options = { baseUrl: url, dataDir: bench.dataDir, io: pipe.io, signal: leaving.signal }
    await expect(runChat({ ...options, agentName: 'Adda' })).rejects.toThrow(NoAgentError)
  })

  it('sets an unreadable identity aside and begins a new one', async () => {
    writeFileSync(join(bench.dataDir, 'chat.json'), '{"entityId": 7')
    const pipe = fakePipe()
    const { url } = await bench.serve()
    pipe.type('hello\n')
    pipe.end()
    await bench.chat(pipe.io, url).ended
    expect(pipe.seen.stdout).toContain('You said hello.')
  })

  it('tells a refused message and goes on', async () => {
    const pipe = fakePipe()
    const { url } = await bench.serve()
    const { ended } = bench.chat(pipe.io, url)
    pipe.type('first\n')
    await eventually(() => pipe.seen.stdout.includes('You said first.'))
    for (const { id } of await bench.fake.deps.agents.list())
      await bench.fake.deps.agents.delete(id)
    pipe.type('anyone?\n')
    await eventually(
      () => pipe.seen.stderr.includes('Your message was not taken.'),
      () => pipe.seen.stderr,
    )
    pipe.end()
    await ended
  })
})
