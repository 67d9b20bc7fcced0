import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { ElizaOS, type ElizaOSConfig, ElizaOSEventType } from '../../orchestrator/index.ts'

/** A program that embeds the system, as docs/orchestrator.md has it. Its settings come on stdin, its report goes to stdout. */
const { token, ...options }: ElizaOSConfig & { readonly token: string } = JSON.parse(
  await text(process.stdin),
)
const SERVER = '00000000-0000-0000-0000-000000000000'
const report: Record<string, unknown> = {}
let events: string[] = []

function listen(system: ElizaOS): ElizaOS {
  for (const type of Object.values(ElizaOSEventType)) {
    system.on(type, ({ data }) => events.push([type, data.name].filter(Boolean).join(' ')))
  }
  return system
}

const takeEvents = () => events.splice(0)
const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: { code?: string }) => error.code,
  )
const character = (name: string) => ({ name, bio: `${name} answers.` })

let elizaos = listen(new ElizaOS(options))
report.before = await failure(elizaos.createAgent({ character: character('Ada') }))
await Promise.all([elizaos.initialize(), elizaos.initialize()])
const ada = await elizaos.createAgent({ character: character('Ada'), autoStart: true })
const bob = await elizaos.createAgent({ character: character('Bob'), autoStart: true })
await elizaos.start()
await elizaos.start()
report.started = {
  events: takeEvents(),
  active: elizaos.getAgentsByStatus('active').map(({ name }) => name),
  settings: elizaos.getAgent(ada)?.character.settings,
  isHealthy: await elizaos.healthCheck(),
}

/** As far as this program reads it. */
interface Answer {
  readonly data?: {
    readonly turns?: readonly { readonly turnId: string; readonly channelId: string }[]
    readonly steps?: readonly { readonly step: string; readonly result: unknown }[]
    readonly messages?: readonly unknown[]
  }
}

async function call(path: string, body?: unknown) {
  const response = await fetch(`${elizaos.getSystemStatus().url}/api${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-KEY': token },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const answer = (await response.json()) as Answer // the parse of what the API promises
  return { status: response.status, body: answer }
}

const messagesOf = (channelId: string) => `/messaging/channels/${channelId}/messages`
const post = (content: string, channelId: string) =>
  call(messagesOf(channelId), {
    ...{ author_id: randomUUID(), content, message_server_id: SERVER, transport: 'http' },
    metadata: { targetAgentId: ada },
  })

report.answered = await post('Hello', randomUUID())

const seen: unknown[] = []
elizaos.use(async ({ agentId, authenticated, message }, next) => {
  if (message.content.includes('forbidden')) throw new Error('Not in this house.')
  seen.push([agentId === ada, authenticated])
  await next()
})
elizaos.use(async (context, next) => {
  await next()
  seen.push(context.turn?.state)
})
const refusedChannel = randomUUID()
report.refused = await post('Something forbidden', refusedChannel)
report.refusedChannel = (await call(messagesOf(refusedChannel))).status
await post('Something allowed', randomUUID())
for (let n = 0; seen.length < 2 && n < 200; n += 1) await delay(25)
report.seen = [...seen]

const chunks: string[] = []
const { processing } = await elizaos.handleMessage(
  bob,
  { userId: 'user123', roomId: 'room456', text: 'Hello!' },
  { onStreamChunk: (chunk) => chunks.push(chunk) },
)
report.handled = {
  mode: processing?.mode,
  isWhole: chunks.join('') === processing?.responseContent?.text,
}

takeEvents()
await elizaos.registerGlobalService('clock', { time: () => 'noon' })
report.within = await elizaos.withAgent(ada, async (runtime) => {
  const clock = runtime.getService<{ time(): string }>('clock')
  const said = await runtime.processMessage({ text: 'Hi', userId: 'u', roomId: 'r' })
  return { isAda: runtime.agentId === ada, time: clock?.time(), didRespond: said.didRespond }
})
await elizaos.unregisterGlobalService('clock')
report.services = takeEvents()

report.loop = await letThemTalk()

async function letThemTalk() {
  const channelId = randomUUID()
  const place = { id: channelId, name: 'Both', type: 'DM', message_server_id: SERVER }
  const metadata = { answerAgents: true }
  await call('/messaging/channels', {
    ...place,
    participantCentralUserIds: [ada, bob],
    participants: [ada, bob],
    metadata,
  })
  const said = { author_id: ada, content: 'Bob, are you there?', message_server_id: SERVER }
  await call(messagesOf(channelId), said)
  for (let n = 0; n < 400; n += 1) {
    for (const id of [ada, bob]) {
      const { data } = (await call(`/agents/${id}/turns?state=ignored`)).body
      const turn = data?.turns?.find((one) => one.channelId === channelId)
      if (!turn) continue
      const { data: trace } = (await call(`/turns/${turn.turnId}`)).body
      const { data: listed } = (await call(`${messagesOf(channelId)}?limit=50`)).body
      const rule = trace?.steps?.find(({ step }) => step === 'shouldRespond')
      return { result: rule?.result, said: listed?.messages?.length }
    }
    await delay(50)
  }
  return (await call(messagesOf(channelId))).body
}

takeEvents()
const cleo = await elizaos.createAgent({ character: character('Cleo') })
report.limit = await failure(elizaos.createAgent({ character: character('Dan') }))
report.twice = await failure(elizaos.createAgent({ character: character('Cleo') }))
await elizaos.startAgent(cleo)
await elizaos.stopAgent(cleo)
await elizaos.removeAgent(cleo)
report.cleo = takeEvents()
report.unconfirmed = await failure(elizaos.reset())

await Promise.all([elizaos.stop(), elizaos.stop()])
report.stopped = { events: takeEvents(), again: await failure(elizaos.initialize()) }

events = []
// Where nobody polls before `start`.
const environment = { ...options.environment, TURNKEEPER_TASK_QUEUE: 'nobody' }
elizaos = listen(
  new ElizaOS({
    ...{ ...options, environment, serverConfig: { enabled: false } },
    persistence: { recoveryMode: 'manual' },
  }),
)
await elizaos.initialize()
report.isHealthyWithoutWorker = await elizaos.healthCheck()
const active = elizaos.getAgentsByStatus('active').map(({ name }) => name)
await elizaos.createAgent({ character: character('Ada'), autoStart: true })
report.restored = { active, events: takeEvents() }
await elizaos.reset({ confirm: elizaos.name })
report.reset = elizaos.getAllAgents()
await elizaos.stop()
process.stdout.write(JSON.stringify(report))
