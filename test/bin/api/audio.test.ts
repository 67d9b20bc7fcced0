import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { createActivities } from '../../../activities/index.ts'
import { ConflictError, NotFoundError } from '../../../agent/errors.ts'
import type { Ports } from '../../../agent/ports.ts'
import { type AgentStore, createAgentStore } from '../../../bin/agent-store.ts'
import { createAudioPort } from '../../../bin/api/audio.ts'
import { createMediaFetcher } from '../../../bin/media-fetch.ts'
import { createPorts } from '../../../bin/ports.ts'
import { createSecretBox } from '../../../bin/secrets.ts'
import type { OpenDatabase } from '../../../database/open.ts'
import { updateAgent } from '../../../memory/agents.ts'
import { createModelRouter } from '../../../models/router.ts'
import { createInProcessStream } from '../../../streams/in-process.ts'
import { accept } from '../../../turns/accept.ts'
import type { StubVendor } from '../../models/vendor-under-test.ts'
import { describeDatabases } from '../../support/databases.ts'
import { PNG } from '../../support/fake-media.ts'
import { openLimits } from '../../support/open-limits.ts'
import { startStubOpenaiVendor } from '../../support/stub-openai-vendor.ts'
import {
  attemptOf,
  createAgent,
  createChannel,
  first,
  messageTo,
  RUN_ID,
} from '../../support/turn-fixtures.ts'

const OGG = { audio: Buffer.from('OggS....'), mimeType: 'audio/ogg' }
const NEVER = new AbortController().signal

describeDatabases('sound and pictures, by the models that are configured', (open) => {
  let database: OpenDatabase
  let stub: StubVendor
  let agents: AgentStore

  beforeAll(async () => {
    database = await open()
    stub = await startStubOpenaiVendor()
    stub.answer({ kind: 'text', chunks: ['<description>A ', 'dot.</description>'] })
    const box = createSecretBox('a salt')
    agents = createAgentStore({ db: database.db, plugins: [], box, onSecrets: () => undefined })
  })

  afterAll(() => stub.close())

  const portsWith = (modelSettings: Readonly<Record<string, string>>): Ports =>
    createPorts({
      ...{ db: database.db, agents: agents.registry, ...openLimits },
      models: createModelRouter({ modelSettings }),
      stream: createInProcessStream(),
      connectors: { for: () => undefined },
      media: createMediaFetcher({ allowedHosts: [] }),
      log: { warn: () => undefined },
      startHead: async () => undefined,
    })

  const configured = () =>
    portsWith({
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: stub.baseUrl,
      // An endpoint that is not OpenAI's own has no models that one could know.
      OPENAI_TRANSCRIPTION_MODEL: 'ears',
      OPENAI_TTS_MODEL: 'mouth',
      OPENAI_IMAGE_DESCRIPTION_MODEL: 'eyes',
    })
  const audio = (ports = configured()) => createAudioPort({ agents, ports })

  const calls = (agentId: string) =>
    database.db
      .selectFrom('model_calls')
      .select(['turn_id', 'step', 'vendor', 'purpose', 'state', 'input_tokens', 'cost'])
      .where('agent_id', '=', agentId)
      .execute()

  it('writes a recording down, as a row of the ledger that belongs to no turn', async () => {
    const agentId = await createAgent(database.db)
    stub.answer({ kind: 'text', chunks: [' Good morning. '] })
    expect(await audio().transcribe(agentId, OGG, NEVER)).toBe('Good morning.')
    expect(await calls(agentId)).toMatchObject([
      {
        ...{ turn_id: null, step: 'transcription', vendor: 'openai' },
        ...{ purpose: 'TRANSCRIPTION', state: 'complete', input_tokens: 14 },
      },
    ])
  })

  it('says a text; a bill that the vendor does not write is unknown', async () => {
    const agentId = await createAgent(database.db)
    const said = await audio().speak(agentId, { text: 'Hello', voice: 'nova' }, NEVER)
    expect(Buffer.from(said.audio).toString()).toBe('stub-audio')
    expect(said.mimeType).toBe('audio/mpeg')
    expect(stub.requests().at(-1)?.body).toMatchObject({ input: 'Hello', voice: 'nova' })
    expect(await calls(agentId)).toMatchObject([
      { turn_id: null, step: 'speech', purpose: 'TEXT_TO_SPEECH', state: 'unknown', cost: null },
    ])
  })

  it('says what to set when nobody is configured, and writes no row', async () => {
    const agentId = await createAgent(database.db)
    const silent = audio(portsWith({}))
    for (const asked of [
      silent.transcribe(agentId, OGG, NEVER),
      silent.speak(agentId, { text: 'Hello' }, NEVER),
    ]) {
      await expect(asked).rejects.toMatchObject({
        code: 'model_not_configured',
        message: expect.stringContaining('OPENAI_API_KEY'),
      })
    }
    expect(await calls(agentId)).toEqual([])
  })

  it('leaves a row that says so when the client hangs up', async () => {
    const agentId = await createAgent(database.db)
    const client = new AbortController()
    stub.answer({ kind: 'silence' })
    const before = stub.requests().length
    const asked = audio().speak(agentId, { text: 'Hello' }, client.signal)
    const refused = expect(asked).rejects.toThrow('They hung up.')
    await stub.received(before + 1)
    client.abort(new Error('They hung up.'))
    await refused
    expect((await stub.ended(before + 1)).state).toBe('aborted')
    expect(await calls(agentId)).toMatchObject([
      { turn_id: null, purpose: 'TEXT_TO_SPEECH', state: 'cut', cost: null },
    ])
  })

  it('asks nobody when a budget does not allow it, and writes no row', async () => {
    const agentId = await createAgent(database.db)
    const budgets = [{ per: 'agent', period: 'day', tokens: 100 }]
    await updateAgent(database.db, {
      ...{ id: agentId, name: 'Ada', secrets: null, sourceHash: null },
      character: { name: 'Ada', bio: 'x', settings: { budgets } },
    })
    const before = stub.requests().length
    await expect(audio().speak(agentId, { text: 'Hello' }, NEVER)).rejects.toMatchObject({
      code: 'budget_exhausted',
    })
    await expect(audio().transcribe(agentId, OGG, NEVER)).rejects.toMatchObject({
      code: 'budget_exhausted',
    })
    expect(stub.requests()).toHaveLength(before)
    expect(await calls(agentId)).toEqual([])
  })

  it('has no voice while its agent is stopped or gone', async () => {
    const stopped = await createAgent(database.db, 'inactive')
    const asked = stub.requests().length
    await expect(audio().transcribe(stopped, OGG, NEVER)).rejects.toThrow(ConflictError)
    await expect(audio().speak(crypto.randomUUID(), { text: 'x' }, NEVER)).rejects.toThrow(
      NotFoundError,
    )
    expect(stub.requests()).toHaveLength(asked)
  })

  it('shows the vendor the picture that came inside a message, once', async () => {
    const channel = await createChannel(database.db)
    const picture = { id: '1', url: `data:image/png;base64,${PNG.toString('base64')}` }
    const input = messageTo(channel)
    const accepted = await accept(database.db, {
      ...input,
      memory: { ...input.memory, attachments: [picture] },
    })
    if (accepted.kind !== 'accepted') throw new Error('The message was not accepted.')
    const { turnId } = first(accepted.tickets)
    const { agentId, roomId } = first(channel.rooms)
    const turn = { turnId, gen: 1, agentId, roomId, deadlineAt: Date.now() + 60_000 }
    const before = stub.requests().length
    stub.answer({ kind: 'text', chunks: ['<description>A ', 'dot.</description>'] })
    for (const attempt of [1, 2]) {
      const ports = configured()
      await ports.turns.admit(attemptOf(turn))
      const info = {
        ...{ attempt, activityId: 'activity', scheduleToCloseTimeoutMs: 60_000 },
        workflowExecution: { workflowId: 'workflow', runId: RUN_ID },
      }
      const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') })
      const { attend } = createActivities(ports)
      await environment.run(() => attend({ ...turn, heartbeatTimeoutMs: 3_000 }))
      const loaded = await ports.turns.load(turn)
      expect(loaded?.message.content.attachments).toEqual([{ ...picture, description: 'A dot.' }])
    }
    const seen = stub.requests().slice(before)
    expect(seen).toHaveLength(1)
    expect(JSON.stringify(seen[0]?.body)).toContain(picture.url)
    expect(await calls(agentId)).toMatchObject([
      { turn_id: turnId, step: 'attend', purpose: 'IMAGE_DESCRIPTION', state: 'complete' },
    ])
  })
})
