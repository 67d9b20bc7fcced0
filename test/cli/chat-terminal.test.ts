import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ChatBench, createChatBench } from '../support/chat-bench.ts'
import { eventually } from '../support/eventually.ts'
import { fakeTerminal } from '../support/fake-io.ts'

const ESCAPE = '\x1b'
const CTRL_C = '\x03'

let bench: ChatBench
beforeEach(async () => {
  bench = await createChatBench()
})
afterEach(() => bench.close())

type Terminal = ReturnType<typeof fakeTerminal>
const sees = ({ screen }: Terminal, text: string) =>
  eventually(
    () => screen.text().includes(text),
    () => `the screen does not show '${text}' but\n${screen.text()}`,
  )
const countOf = (text: string, part: string) => text.split(part).length - 1

async function open(terminal: Terminal, options?: Parameters<ChatBench['serve']>[0]) {
  const api = await bench.serve(options)
  const chat = bench.chat(terminal.io, api.url, 'Ada')
  await sees(terminal, 'You:')
  return { api, chat }
}

describe('a chat on a terminal', () => {
  it('shows an answer piece by piece, before it is finished', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('Hello there\r')
    const { turnId } = await bench.turn(0)
    bench.fake.say(turnId, 'Good ', { seq: 0 })
    bench.fake.say(turnId, 'mor', { seq: 1 })
    await sees(terminal, 'Ada: Good mor')
    bench.fake.settle(turnId, { reply: { text: 'Good morning!' } })
    await sees(terminal, 'You: Hello there\nAda: Good morning!\nYou:')
    expect(bench.turns.map(({ content }) => content)).toEqual(['Hello there'])
  })

  it('says that no language model answers when it is the built-in ELIZA', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    expect(terminal.screen.text()).toContain('built-in rule-based ELIZA')
  })

  it('draws the answer anew when a second attempt begins', async () => {
    const terminal = fakeTerminal({ columns: 20 })
    await open(terminal)
    terminal.type('Tell me\r')
    const { turnId } = await bench.turn(0)
    bench.fake.say(turnId, 'The first attempt says 日本語日本語 over several rows', { seq: 0 })
    await sees(terminal, 'several rows')
    bench.fake.say(turnId, 'The second', { seq: 0, attempt: 2 })
    await sees(terminal, 'Ada: The second')
    bench.fake.settle(turnId, { reply: { text: 'The second one.' } })
    await sees(terminal, 'Ada: The second one.\nYou:'.slice(0, 20))
    expect(terminal.screen.text()).not.toContain('first')
    expect(terminal.screen.text()).not.toContain('日本語')
  })

  it('cancels the running turn on Escape and stays usable', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('Count to a million\r')
    const { turnId } = await bench.turn(0)
    bench.fake.say(turnId, 'One, two', { seq: 0 })
    await sees(terminal, 'One, two')
    terminal.type(ESCAPE)
    await sees(terminal, '(cancelled)\nYou:')
    expect((await bench.fake.deps.turns.result(turnId)).state).toBe('cancelled')
  })

  it('keeps what is typed during an answer and sends it afterwards', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('first\r')
    const first = await bench.turn(0)
    bench.fake.say(first.turnId, 'One ', { seq: 0 })
    await sees(terminal, 'Ada: One')
    terminal.type('second\rthi')
    bench.fake.settle(first.turnId, { reply: { text: 'One done.' } })
    await sees(terminal, 'Ada: One done.\nYou: second\nAda:')
    const second = await bench.turn(1)
    expect(bench.turns).toHaveLength(2)
    bench.fake.settle(second.turnId, { reply: { text: 'Two done.' } })
    await sees(terminal, 'Ada: Two done.\nYou: thi')
    terminal.type('rd\r')
    await bench.turn(2)
    expect(bench.turns.map(({ content }) => content)).toEqual(['first', 'second', 'third'])
  })

  it('sends pasted lines as one message', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('\x1b[200~one\rtwo\rthree\x1b[201~')
    terminal.type('\r')
    await bench.turn(0)
    expect(bench.turns.map(({ content }) => content)).toEqual(['one\ntwo\nthree'])
  })

  it('lets no control character of a model or a person through', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('Hi\r')
    const { turnId } = await bench.turn(0)
    const evil = '\x1b]0;owned\x07\x1b[2J\x9b31m\u0000\x7fsafe'
    bench.fake.say(turnId, evil, { seq: 0 })
    bench.fake.settle(turnId, { reply: { text: evil } })
    await sees(terminal, 'safe\nYou:')
    expect(terminal.screen.text()).toContain('␛]0;owned␇␛[2J')
    const { raw } = terminal.screen
    for (const sequence of ['\x1b]', '\x1b[2J', '\x07', '\x9b', '\u0000', '\x7f']) {
      expect(raw).not.toContain(sequence)
    }
  })

  it('tells the apology and the reason of a failed turn', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('Hi\r')
    const { turnId } = await bench.turn(0)
    const reply = { text: 'Sorry, I lost my thread.' }
    bench.fake.settle(turnId, { state: 'failed', code: 'model_unavailable', reply })
    await sees(terminal, 'Ada: Sorry, I lost my thread.\n(failed: model_unavailable')
  })

  it('says on Ctrl-C what it is finishing, gives the terminal back and ends', async () => {
    const terminal = fakeTerminal()
    const { chat } = await open(terminal)
    terminal.type('Hi\r')
    await sees(terminal, 'Ada:')
    terminal.type(CTRL_C)
    await chat.ended
    expect(terminal.screen.text()).toContain('Ada:\nClosing. Ada is in the middle of an answer')
    expect(terminal.modes.at(-1)).toBe(false)
  })

  it('lists the agents and moves to another one', async () => {
    const terminal = fakeTerminal()
    await open(terminal)
    terminal.type('/agent\r')
    await sees(terminal, 'Ada (here)  Ada is here.\nBob  Bob is here.')
    terminal.type('/agent bobb\r')
    await sees(terminal, "No agent is called 'bobb'. Did you mean 'Bob'?")
    terminal.type('/agent bob\r')
    await sees(terminal, 'You are talking to Bob.')
  })

  it('shows what the last turn did, and knows its own commands', async () => {
    const terminal = fakeTerminal()
    const { chat } = await open(terminal)
    terminal.type('Hi\r')
    const { turnId } = await bench.turn(0)
    bench.fake.settle(turnId, { reply: { text: 'Hello.' } })
    await sees(terminal, 'Ada: Hello.\nYou:')
    terminal.type('/trace\r')
    await sees(terminal, `Turn ${turnId}  replied`)
    terminal.type('/trcae\r')
    await sees(terminal, "There is no '/trcae'. Did you mean '/trace'?")
    terminal.type('/quit\r')
    await chat.ended
    expect(bench.turns).toHaveLength(1)
  })
})

describe('a chat that was cut off', () => {
  it('shows what was said, and the answer that was being written once', async () => {
    const first = fakeTerminal()
    const { api, chat } = await open(first)
    first.type('Will you survive this?\r')
    const { turnId } = await bench.turn(0)
    bench.fake.say(turnId, 'I think ', { seq: 0 })
    await sees(first, 'Ada: I think')
    await chat.end()

    const second = fakeTerminal()
    bench.chat(second.io, api.url)
    await sees(second, 'You: Will you survive this?\nAda: I think')
    bench.fake.say(turnId, 'so.', { seq: 1 })
    await sees(second, 'I think so.')
    bench.fake.settle(turnId, { reply: { text: 'I think so.' } })
    await sees(second, 'Ada: I think so.\nYou:')
    expect(countOf(second.screen.text(), 'I think')).toBe(1)
    expect(bench.turns).toHaveLength(1)
  })

  it('does not repeat an answer that ended while the chat was opened', async () => {
    const first = fakeTerminal()
    const { api, chat } = await open(first)
    first.type('Hi\r')
    const turn = await bench.turn(0)
    await chat.end()
    const { list } = bench.fake.deps.messages
    const asReply = { turnId: turn.turnId, authorId: turn.agentId, content: 'Just in time.' }
    const late: typeof list = async (channelId, page) => {
      const [asked] = await list(channelId, page)
      return asked ? [{ ...asked, ...asReply }, asked] : []
    }
    Object.assign(bench.fake.deps.messages, { list: late })

    const second = fakeTerminal()
    bench.chat(second.io, api.url)
    await sees(second, 'You: Hi\nAda: Just in time.\nYou:')
    expect(countOf(second.screen.text(), 'Just in time.')).toBe(1)
  })

  it('goes on with an answer whose connection broke, without a word twice', async () => {
    const terminal = fakeTerminal()
    const { api } = await open(terminal)
    terminal.type('Hi\r')
    const { turnId } = await bench.turn(0)
    bench.fake.say(turnId, 'one ', { seq: 0 })
    await sees(terminal, 'Ada: one')
    api.cut()
    await sees(terminal, 'Trying again')
    bench.fake.say(turnId, 'two', { seq: 1 })
    bench.fake.settle(turnId, { reply: { text: 'one two three' } })
    await sees(terminal, 'sent twice.\nAda: one two three\nYou:')
    expect(countOf(terminal.screen.text(), 'Ada: one')).toBe(1)
  })

  it('sends a message whose receipt was lost again, and it becomes one turn', async () => {
    const terminal = fakeTerminal()
    let losses = 0
    const losesAnswer = ({ method }: Request) => method === 'POST' && losses++ === 0
    await open(terminal, { losesAnswer })
    terminal.type('Only once\r')
    const { turnId } = await bench.turn(0)
    await sees(terminal, 'The API answers again.')
    bench.fake.settle(turnId, { reply: { text: 'Once.' } })
    await sees(terminal, 'Once.')
    expect(losses).toBe(2)
    expect(bench.turns).toHaveLength(1)
  })

  it('waits for an API that is away and says so', async () => {
    const terminal = fakeTerminal()
    const { api, chat } = await open(terminal)
    await chat.end()
    await api.stop()
    const later = fakeTerminal()
    bench.chat(later.io, api.url)
    await sees(later, 'does not answer')
    await bench.serve({ port: api.port })
    await sees(later, 'You are talking to Ada')
  })

  it('sends a message that was typed but not taken, when it is opened again', async () => {
    const terminal = fakeTerminal()
    const { api, chat } = await open(terminal)
    await api.stop()
    terminal.type('Do not lose me\r')
    await sees(terminal, 'Trying again')
    await chat.end()
    const again = await bench.serve()
    bench.chat(fakeTerminal().io, again.url)
    await bench.turn(0)
    expect(bench.turns.map(({ content }) => content)).toEqual(['Do not lose me'])
  })

  it('keeps its ids where only their owner can read them', async () => {
    await open(fakeTerminal())
    const file = join(bench.dataDir, 'chat.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toContain('entityId')
  })
})
