import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Approval } from '../../api/approvals-port.ts'
import { main } from '../../bin/cli.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { type ChatBench, createChatBench } from '../support/chat-bench.ts'
import { eventually } from '../support/eventually.ts'
import { fakeApprovalsPort } from '../support/fake-approvals-port.ts'
import { fakePipe } from '../support/fake-io.ts'

const QUESTION = 'May I order \u001b[2J a pizza?'

let bench: ChatBench
let approvals: Approval[]
let url: string
beforeEach(async () => {
  approvals = []
  const onAnswer = ({ turnId, state }: Approval) => {
    if (!bench.turns.some(({ turn }) => turn.turnId === turnId)) return
    bench.fake.takeUp(turnId, 2)
    bench.fake.settle(turnId, {
      state: 'replied',
      approval: null,
      reply: { text: `It is ${state}.` },
    })
  }
  bench = await createChatBench({ approvals: fakeApprovalsPort(approvals, onAnswer) })
  url = (await bench.serve()).url
})
afterEach(() => bench.close())

function ask(given: Partial<Approval> = {}): Approval {
  const approval: Approval = {
    ...{
      id: randomUUID(),
      agentId: stringToUuid('Ada'),
      roomId: randomUUID(),
      turnId: randomUUID(),
    },
    ...{
      channelId: randomUUID(),
      entityId: randomUUID(),
      messageId: randomUUID(),
      action: 'ORDER',
    },
    ...{
      parameters: { size: 'large' },
      question: QUESTION,
      approvableBy: 'admin',
      state: 'pending',
    },
    ...{ requestedAt: 1, deadlineAt: 2, answeredAt: null, answeredBy: null, answeredVia: null },
    comment: null,
    ...given,
  }
  approvals.push(approval)
  return approval
}

async function run(...argv: string[]) {
  const { io, seen } = fakePipe()
  const code = await main([...argv, '--api-url', url], { ...io, env: {} })
  return { code, ...seen }
}

describe('turnkeeper approval', () => {
  it('lists what waits, and shows one with all that will be done', async () => {
    const { id } = ask()
    ask({ state: 'denied', question: 'An old one?' })
    const list = await run('approval', 'list')
    expect(list.stdout).toContain(id)
    expect(list.stdout).toContain('May I order ␛[2J a pizza?')
    expect(list.stdout).not.toContain('An old one?')
    expect((await run('approval', 'list', '--all')).stdout).toContain('An old one?')
    const { stdout } = await run('approval', 'show', id)
    expect(stdout).toContain('"size": "large"')
  })

  it.each([
    ['approve', 'approved'],
    ['deny', 'denied'],
  ])('%s answers, with a comment, and says who did', async (word, state) => {
    const { id } = ask()
    const answered = await run('approval', word, id, '--comment', 'As agreed.')
    expect(answered).toMatchObject({ code: 0, stdout: expect.stringContaining(state) })
    expect(approvals[0]).toMatchObject({ state, answeredVia: 'cli', comment: 'As agreed.' })
    expect(answered.stdout).toContain(`by ${approvals[0]?.answeredBy}`)
    const other = word === 'approve' ? 'deny' : 'approve'
    expect(await run('approval', other, id)).toMatchObject({ code: 1 })
  })

  it('lists page by page, of one agent if it is asked', async () => {
    const channelId = randomUUID()
    const ids = Array.from({ length: 51 }, (_, index) => ask({ channelId, requestedAt: index }).id)
    const elsewhere = ask({ agentId: randomUUID(), requestedAt: 100 })
    const flags = ['approval', 'list', '--agent', stringToUuid('Ada')]
    const page = await run(...flags)
    expect(page.stdout).not.toContain(elsewhere.id)
    expect(page.stdout).not.toContain(ids[0])
    const [, before = ''] = /^More: --before (\S+)$/m.exec(page.stdout) ?? []
    const last = await run(...flags, '--before', before)
    expect(last.stdout).toContain(ids[0])
    expect(last.stdout).not.toContain('More')
    expect((await run('approval', 'list')).stdout).toContain(elsewhere.id)
  })

  it('ends with 4 for an approval that does not exist', async () => {
    expect((await run('approval', 'show', randomUUID())).code).toBe(4)
  })
})

describe('a chat whose turn waits for approval', () => {
  const chat = async () => {
    const pipe = fakePipe()
    const { ended } = bench.chat(pipe.io, url, 'Ada')
    const said = (text: string) =>
      eventually(
        () => pipe.seen.stdout.includes(text) || pipe.seen.stderr.includes(text),
        () => JSON.stringify(pipe.seen),
      )
    return { pipe, ended, said }
  }
  const parked = async (pipe: ReturnType<typeof fakePipe>) => {
    pipe.type('A pizza, please\n')
    const { turnId, channelId } = await bench.turn(0)
    const { id, action, parameters, question } = ask({ turnId, channelId })
    bench.fake.settle(turnId, {
      ...{ state: 'waiting_approval', reply: { text: 'Gladly.' } },
      approval: { id, action, parameters, question },
    })
  }

  it.each([
    ['/approve', 'approved'],
    ['/deny too expensive', 'denied'],
  ])('shows the question, and answers it by %s', async (line, state) => {
    const { pipe, ended, said } = await chat()
    await parked(pipe)
    await said('Gladly.')
    await said('Waits for approval')
    pipe.type(`${line}\n`)
    await said('(done)')
    expect(approvals[0]).toMatchObject({ state, answeredVia: 'chat' })
    expect(approvals[0]?.comment).toBe(state === 'denied' ? 'too expensive' : null)
    pipe.end()
    await ended
  })

  it('answers no other question than the one that was named', async () => {
    const { pipe, ended, said } = await chat()
    await parked(pipe)
    await said('Waits for approval')
    pipe.type('/approve 0b8e7a11 fine\n')
    await said("No question '0b8e7a11' waits here")
    expect(approvals).toMatchObject([{ state: 'pending' }])
    pipe.type(`/approve ${approvals[0]?.id.slice(0, 8).toUpperCase()} fine\n`)
    await said('(done)')
    expect(approvals).toMatchObject([{ state: 'approved', comment: 'fine' }])
    pipe.end()
    await ended
  })

  it('sees the questions of its own conversation behind any number of others', async () => {
    const { pipe, ended, said } = await chat()
    await parked(pipe)
    await said('Waits for approval')
    for (let at = 2; at < 60; at += 1) ask({ requestedAt: at })
    pipe.type('/approve\n')
    await said('(done)')
    expect(approvals[0]).toMatchObject({ state: 'approved' })
    pipe.end()
    await ended
  })

  it('says so when nothing waits, and asks which one when several do', async () => {
    const { pipe, ended, said } = await chat()
    pipe.type('/approve\n')
    await said('Nothing waits for approval here.')
    await parked(pipe)
    await said('Waits for approval')
    const { agentId, channelId } = approvals[0] ?? ask()
    const second = ask({ agentId, channelId, question: 'And wine?' })
    pipe.type('/approve\n')
    await said('Name one')
    pipe.type(`/deny ${second.id.slice(0, 8)} no alcohol\n`)
    await eventually(() => approvals.some(({ comment }) => comment === 'no alcohol'))
    expect(approvals.map(({ state }) => state)).toEqual(['pending', 'denied'])
    pipe.end()
    await ended.catch(() => undefined)
  })
})
