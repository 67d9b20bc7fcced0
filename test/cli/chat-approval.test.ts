import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Approval } from '../../api/approvals-port.ts'
import type { StoredMessage } from '../../api/deps.ts'
import { createApi } from '../../cli/api-client.ts'
import { createChatApi } from '../../cli/chat-api.ts'
import { answerQuestion } from '../../cli/chat-approval.ts'
import type { ChatSession } from '../../cli/chat-session.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { type ChatBench, createChatBench } from '../support/chat-bench.ts'
import { fakeApprovalsPort } from '../support/fake-approvals-port.ts'

const agentId = stringToUuid('Ada')
const channelId = randomUUID()

let bench: ChatBench
let approvals: Approval[]
beforeEach(async () => {
  approvals = []
  bench = await createChatBench({ approvals: fakeApprovalsPort(approvals) })
})
afterEach(() => bench.close())

/** A turn of the channel that has ended behind the answer, and its question. */
async function asked(): Promise<string> {
  await bench.fake.deps.channels.create({
    ...{ id: channelId, name: 'Lobby', type: 'DM', messageServerId: randomUUID(), metadata: {} },
    participants: [agentId],
  })
  const { turns } = await bench.fake.deps.messages.accept({
    ...{ channelId, authorId: randomUUID(), content: 'A pizza, please', isDirect: true },
    ...{ sourceType: 'test', rawMessage: {}, metadata: {} },
  })
  const turnId = turns[0]?.turnId ?? ''
  bench.fake.settle(turnId, { state: 'replied' })
  approvals.push({
    ...{ id: randomUUID(), agentId, roomId: randomUUID(), channelId, turnId, action: 'ORDER' },
    ...{ parameters: {}, question: 'May I?', approvableBy: 'admin', entityId: randomUUID() },
    ...{ messageId: randomUUID(), state: 'pending', requestedAt: 1, deadlineAt: 2, comment: null },
    ...{ answeredAt: null, answeredBy: null, answeredVia: null },
  })
  return turnId
}

/** A chat in which `said` is what the agent said, and `noted` what the chat did. */
async function chat() {
  const api = createApi({ baseUrl: (await bench.serve()).url })
  const said: string[] = []
  const noted: string[] = []
  const session = {
    ...{ api, chat: createChatApi(api), signal: new AbortController().signal },
    view: {
      said: (_name: string, text: string) => void said.push(text),
      note: (text: string) => void noted.push(text),
    },
    agent: { id: agentId, name: 'Ada' },
    identity: { entityId: randomUUID(), channels: { [agentId]: channelId } },
  } as unknown as ChatSession // all that is used
  return { session, said, noted }
}

it('shows what was said behind the answer, and nothing else when the question is far up', async () => {
  const turnId = await asked()
  const { session, said } = await chat()
  const message = (content: string, createdAt: number): StoredMessage => ({
    ...{ id: randomUUID(), channelId, messageServerId: randomUUID(), authorId: randomUUID() },
    ...{
      content,
      sourceType: 'agent_response',
      sourceId: null,
      inReplyTo: null,
      createdAt,
      turnId,
    },
    ...{ rawMessage: {}, metadata: {} },
  })
  bench.fake.deps.messages.list = async () => [
    message('It is ordered.', Date.now() + 60_000),
    { ...message('Of another turn.', Date.now() + 60_000), turnId: randomUUID() },
    message('Gladly.', 1),
  ]
  await answerQuestion(session, '/approve', [])
  expect(said).toEqual(['It is ordered.'])
})
