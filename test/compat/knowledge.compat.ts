import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ElizaService } from '../../plugins/contract.ts'
import { type CompatAgent, type CompatHouse, openCompatHouse } from './house.ts'
import { promptOf } from './stub-vendor.ts'
import { noteTurn, replyXml } from './turns.ts'

const PACKAGE = '@elizaos/plugin-knowledge'
const FACT = 'The lighthouse of Umbra has a green lamp and seventy steps.'
const UPLOAD = 'The ferry to Umbra leaves at nine on market days.'

describe(PACKAGE, () => {
  let house: CompatHouse
  let agent: CompatAgent
  before(async () => {
    house = await openCompatHouse()
    const packages = ['@elizaos/plugin-openai', PACKAGE]
    agent = await house.agent(packages, { knowledge: [FACT] })
  })
  after(() => house.close())
  afterEach(() => {
    house.stub.answer(() => undefined)
    house.stub.forget()
  })

  const at = (path: string) => `${house.url}/api/knowledge${path}`
  const get = (path: string) => fetch(at(path + (path.includes('?') ? '&' : '?') + agentQuery()))
  const agentQuery = () => `agentId=${agent.id}`
  const documents = async (): Promise<readonly Stored[]> =>
    (await dataOf<{ memories: readonly Stored[] }>(await get('/documents'))).memories
  const upload = (name: string, text: string, type = 'text/plain') => {
    const form = new FormData()
    form.append('agentId', agent.id)
    form.append('files', new Blob([text], { type }), name)
    return fetch(at(`/documents?${agentQuery()}`), { method: 'POST', body: form })
  }
  const faults = () =>
    (house.assembly.plugins.opened(agent.id)?.report ?? []).flatMap((each) => each.faults)

  it('is loaded whole, and its service has started', () => {
    const report = agent.report.find(({ name }) => name === 'knowledge')
    assert.equal(report?.state, 'loaded', report?.reason ?? '')
    const { actions, providers, services, routes } = report?.members ?? {}
    assert.deepEqual([actions, providers, services, routes], [2, 2, 1, 11])
    assert.notEqual(agent.runtime.getService('knowledge'), null)
  })

  it('has made fragments of what the character knows', async () => {
    const stored = await agent.runtime.getMemories({ tableName: 'knowledge', count: 10 })
    assert.deepEqual(
      stored.map(({ content }) => content.text),
      [FACT],
    )
    assert.equal((await documents())[0]?.content.text, FACT)
  })

  it('takes an upload, lists it, finds it, and deletes it with its fragments', async () => {
    const [uploaded] = await dataOf<readonly Uploaded[]>(await upload('ferry.txt', UPLOAD))
    assert.equal(uploaded?.status, 'success')
    const names = (await documents()).map(({ metadata }) => metadata.originalFilename)
    assert.ok(names.includes('ferry.txt'), String(names))

    const found = await get('/search?q=ferry%20to%20Umbra&threshold=0.1')
    const { results } = await dataOf<Found>(found)
    assert.equal(results[0]?.content.text, UPLOAD)

    const deleted = await fetch(at(`/documents/${uploaded?.id}?${agentQuery()}`), {
      method: 'DELETE',
    })
    assert.equal(deleted.status, 204)
    assert.equal((await documents()).length, 1)
    const left = await agent.runtime.getMemories({ tableName: 'knowledge', count: 10 })
    assert.equal(left.length, 1)
  })

  it('refuses an upload of a type that it does not take, in its own words', async () => {
    const refused = await upload('tool.exe', 'MZ', 'application/x-msdownload')
    assert.equal(refused.status, 400)
    assert.match(await refused.text(), /UPLOAD_ERROR.*not allowed/)
  })

  it('does not take the documents of another agent by its id in the body', async () => {
    const form = new FormData()
    form.append('agentId', randomUUID())
    form.append('files', new Blob(['Mine, says somebody else.'], { type: 'text/plain' }), 'x.txt')
    const before = (await documents()).length
    const answer = await fetch(at(`/documents?${agentQuery()}`), { method: 'POST', body: form })
    await answer.text()
    const foreign = await house.assembly.db
      .selectFrom('memories')
      .select('id')
      .where('agent_id', '<>', agent.id)
      .execute()
    assert.deepEqual(foreign, [])
    assert.ok((await documents()).length <= before + 1)
  })

  it('shows its page, which the API lists, with the agent in it', async () => {
    const listed = await fetch(`${house.url}/api/agents/${agent.id}/panels`)
    const panels = await dataOf<readonly { name: string; path: string }[]>(listed)
    assert.deepEqual(
      panels.map(({ name }) => name),
      ['Knowledge'],
    )
    const page = await fetch(house.url + panels[0]?.path)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-type') ?? '', /text\/html/)
    const html = await page.text()
    assert.ok(html.includes(agent.id), html.slice(0, 300))
    const [, asset = ''] = /(?:src|href)="([^"]*assets\/[^"]+)"/.exec(html) ?? []
    const script = await fetch(new URL(asset, page.url))
    assert.equal(script.status, 200, asset)
  })

  it('answers a whole graph of what it holds', async () => {
    const { nodes, links } = await dataOf<Graph>(await get('/graph/nodes'))
    assert.ok(nodes.length >= 2 && links.length >= 1, JSON.stringify({ nodes, links }))
  })

  it('brings what it knows into the prompt of a turn that asks for its provider', async () => {
    house.stub.answer((prompt) => {
      if (!prompt.includes('<message_to_answer>')) return undefined
      const knows = prompt.includes('# Knowledge')
      return knows ? replyXml('REPLY', 'Seventy.') : replyXml('REPLY', 'I look it up.', 'KNOWLEDGE')
    })
    const turn = await noteTurn(house, agent, {
      text: 'How many steps has the lighthouse of Umbra?',
    })
    const prompts = house.stub.hits('/responses').map(promptOf)
    assert.ok(
      prompts.some((prompt) => prompt.includes(`- ${FACT}`)),
      'no prompt has the fact',
    )
    assert.equal(turn.replies.at(-1)?.text, 'Seventy.')
  })

  it('changes no reply two seconds after its provider returned, and is named for trying', async () => {
    const roomId = randomUUID()
    house.stub.answer((prompt) =>
      prompt.includes('# Knowledge') || !prompt.includes('# Message from')
        ? undefined
        : replyXml('REPLY', 'I look it up.', 'KNOWLEDGE'),
    )
    await noteTurn(house, agent, { text: 'Tell me of the lighthouse of Umbra', roomId })
    house.stub.answer(() => undefined)
    await noteTurn(house, agent, { text: 'And now something else', roomId: randomUUID() })
    await until(() => faults().some(({ lastError }) => lastError.includes('after it returned')))
    await delay(300)
    const said = await agent.runtime.getMemories({ tableName: 'messages', count: 50 })
    assert.ok(said.length >= 4)
    for (const { metadata } of said) {
      assert.equal(metadata?.ragUsage, undefined)
      assert.equal(metadata?.knowledgeUsed, undefined)
    }
    const [late] = faults().filter(({ lastError }) => lastError.includes('after it returned'))
    assert.match(
      late?.lastError ?? '',
      /provider KNOWLEDGE of 'knowledge' asks for 'memory.update'/,
    )
  })

  it('learns what a message says', async () => {
    house.stub.answer(decides('PROCESS_KNOWLEDGE'))
    const turn = await noteTurn(house, agent, {
      text: 'Add this to your knowledge: the baker of Umbra sells saffron bread.',
    })
    assert.match(said(turn.replies), /added that information/)
    const stored = await agent.runtime.getMemories({ tableName: 'knowledge', count: 50 })
    assert.ok(stored.some(({ content }) => content.text?.includes('saffron bread')))
  })

  it('finds what it knows when a message asks for it', async () => {
    house.stub.answer(decides('SEARCH_KNOWLEDGE'))
    const text = 'Search your knowledge for lighthouse of Umbra'
    const turn = await noteTurn(house, agent, { text })
    assert.match(said(turn.replies), /Here's what I found[\s\S]*seventy steps/)
  })

  it('reads no file that a message names, and the refusal is named', async () => {
    const file = join(tmpdir(), `secret-${randomUUID()}.txt`)
    await writeFile(file, 'The secret is 4711.')
    house.stub.answer(decides('PROCESS_KNOWLEDGE'))
    const turn = await noteTurn(house, agent, { text: `Process the document at ${file}` })
    assert.doesNotMatch(said(turn.replies), /successfully processed/)
    assert.match(house.log(), /may not use the path '[^']*secret-[^']*' for a message/)
    const stored = await agent.runtime.getMemories({ tableName: 'documents', count: 50 })
    assert.ok(!JSON.stringify(stored).includes('4711'))
  })

  it('fetches nothing from a private host that an upload or a message names, and says so', async () => {
    let visits = 0
    const inner = createServer((_, response) => {
      visits += 1
      response.end('The secret is 4712.')
    })
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve))
    const { port } = inner.address() as AddressInfo // a TCP server's is never a string
    const answer = await fetch(at(`/documents?${agentQuery()}`), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ agentId: agent.id, fileUrl: `http://127.0.0.1:${port}/secret.txt` }),
    })
    const [refused] = await dataOf<readonly Uploaded[]>(answer)
    house.stub.answer(decides('PROCESS_KNOWLEDGE'))
    const text = `Add the document http://127.0.0.1:${port}/secret.txt to your knowledge`
    await noteTurn(house, agent, { text })
    inner.close()
    assert.equal(visits, 0)
    assert.equal(refused?.status, 'error_processing')
    assert.match(refused?.error ?? '', /'knowledge'.*may not reach the address '127\.0\.0\.1/)
  })

  it('finds its service by its type, made by its own class', () => {
    const service = agent.runtime.getService<ElizaService>('knowledge')
    assert.match(String(service?.capabilityDescription), /Retrieval Augmented Generation/)
  })
})

interface Stored {
  readonly content: { readonly text: string }
  readonly metadata: { readonly originalFilename?: string }
}
interface Found {
  readonly results: readonly Stored[]
}
interface Graph {
  readonly nodes: readonly unknown[]
  readonly links: readonly unknown[]
}
interface Uploaded {
  readonly id: string
  readonly status: string
  readonly error?: string
}

/** Of the envelope that the package and we both answer with. */
async function dataOf<T>(response: Response): Promise<T> {
  const text = await response.text()
  const body = JSON.parse(text) as { data?: T } // as the tests below read it
  if (body.data === undefined) assert.fail(`${response.status}: ${text.slice(0, 400)}`)
  return body.data
}

const decides = (action: string) => (prompt: string) =>
  prompt.includes('<message_to_answer>') ? replyXml(action, '') : undefined

const said = (replies: readonly { readonly text?: string }[]): string =>
  replies.map(({ text }) => text ?? '').join('\n')

async function until(check: () => boolean, limitMs = 8_000): Promise<void> {
  for (const end = Date.now() + limitMs; !check() && Date.now() < end; ) await delay(50)
}
