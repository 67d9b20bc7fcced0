import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { ASKED, type AskedModel, askedOf, askOne } from './asked-models.ts'
import { type CompatAgent, type CompatHouse, KEY, openCompatHouse } from './house.ts'
import { noteTurn, replyXml } from './turns.ts'

const PACKAGE = '@elizaos/plugin-openai'
const asking = ASKED.filter(({ path }) => path !== undefined)
/** The text models stream here; the others cannot. */
const STREAMED = ['TEXT_SMALL', 'TEXT_LARGE']

describe(PACKAGE, () => {
  let house: CompatHouse
  let agent: CompatAgent
  before(async () => {
    house = await openCompatHouse()
    // Otherwise our own client of the same vendor, for which there is a key, would answer instead.
    const settings = { modelFallbacks: 'none' }
    agent = await house.agent([PACKAGE, './asking-plugin.ts'], { settings })
  })
  after(() => house.close())
  afterEach(() => {
    house.stub.mood(undefined)
    house.stub.answer(() => undefined)
    house.stub.forget()
  })

  const says = (type: string) => house.stub.answer(() => askedOf(type).says)
  const newestCall = () =>
    house.assembly.db
      .selectFrom('model_calls')
      .selectAll()
      .where('agent_id', '=', agent.id)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst()

  it('is loaded with its eleven models, and asks for the list of models once', () => {
    const report = agent.report.find(({ name }) => name === 'openai')
    assert.equal(report?.state, 'loaded', report?.reason ?? '')
    assert.equal(report?.version, '1.6.0')
    assert.equal(report?.members.models, 11)
  })

  for (const { type, path, answer, usage } of asking) {
    it(`answers ${type}, and the ledger has what it cost`, async () => {
      says(type)
      assert.equal(await askOne(agent.runtime, type), answer)
      assert.equal(house.stub.hits(path).length, 1)
      assert.equal(house.stub.hits(path)[0]?.authorization, `Bearer ${KEY}`)
      const call = await newestCall()
      assert.deepEqual(
        [call?.vendor, call?.purpose, call?.state, call?.turn_id],
        // Without usage nobody knows whether it was billed.
        ['plugin:openai', type, usage ? 'complete' : 'unknown', null],
      )
      if (usage) assert.deepEqual([call?.input_tokens, call?.output_tokens], Object.values(usage))
    })
  }

  it('is not asked for tokens: our tokenizer is', async () => {
    // Its own would count as this model does, of another vocabulary.
    const old = await house.agent([PACKAGE], { settings: { OPENAI_LARGE_MODEL: 'gpt-4' } })
    for (const type of ['TEXT_TOKENIZER_ENCODE', 'TEXT_TOKENIZER_DECODE']) {
      assert.equal(await askOne(agent.runtime, type), askedOf(type).answer)
      assert.equal(await askOne(old.runtime, type), askedOf(type).answer)
    }
    assert.equal(house.stub.hits('/responses').length, 0)
  })

  for (const status of [429, 500]) {
    for (const { type, path } of asking) {
      it(`asks the vendor for ${type} once when it says ${status}`, async () => {
        house.stub.mood({ kind: 'status', status })
        const failure = await failureOf(askOne(agent.runtime, type))
        assert.equal(house.stub.hits(path).length, 1)
        assert.match(
          failure,
          new RegExp(`'openai' asked '127.0.0.1:\\d+' for ${type} and got ${status}`),
        )
        const call = await newestCall()
        assert.deepEqual([call?.purpose, call?.response], [type, null])
        assert.match(call?.error ?? '', new RegExp(String(status)))
      })
    }
  }

  for (const type of STREAMED) {
    it(`fails with the cause when the stream of ${type} says that it failed`, async () => {
      house.stub.mood({ kind: 'fails-in-stream' })
      assert.match(await failureOf(askOne(agent.runtime, type)), /The stub broke down/)
      assert.equal(house.stub.hits('/responses').length, 1)
    })

    it(`fails with the cause when the stream of ${type} breaks off`, async () => {
      house.stub.mood({ kind: 'cut' })
      assert.match(await failureOf(askOne(agent.runtime, type)), /broke off its answer/)
      assert.equal(house.stub.hits('/responses').length, 1)
    })
  }

  it('is left alone for as long as its vendor says', async () => {
    house.stub.mood({ kind: 'status', status: 429, retryAfterSeconds: 2 })
    assert.match(await failureOf(askOne(agent.runtime, 'IMAGE')), /got 429/)
    house.stub.mood(undefined)
    const began = performance.now()
    await askOne(agent.runtime, 'IMAGE')
    assert.ok(performance.now() - began > 1_000)
    assert.equal(house.stub.hits('/images/generations').length, 2)
  })

  it('answers every type within a turn, whose ledger has all calls', async () => {
    house.stub.answer((prompt) => saysWithin(prompt))
    const turn = await noteTurn(house, agent, { text: 'Ask them all.' })
    const reply = turn.replies.find(({ actions }) => actions?.includes('ASK_MODELS'))
    const said: unknown = JSON.parse(reply?.text ?? 'null')
    assert.deepEqual(said, Object.fromEntries(ASKED.map(({ type, answer }) => [type, answer])))
    const calls = turn.calls.filter(({ step }) => step === 'runAction:0')
    assert.deepEqual(calls.map(({ purpose }) => purpose).sort(), typesOf(asking))
    assert.deepEqual(new Set(turn.calls.map(({ vendor }) => vendor)), new Set(['plugin:openai']))
    assert.equal(turn.calls.length, house.stub.hits().length)
  })

  it('is asked once per row of the ledger when a turn has to try again', async () => {
    house.stub.answer(() => replyXml('REPLY', 'At another attempt.'))
    house.stub.mood({ kind: 'status', status: 500, once: true })
    const turn = await noteTurn(house, agent, { text: 'Hello?' })
    assert.equal(turn.replies.at(-1)?.text, 'At another attempt.')
    const vendors = turn.calls.map(({ vendor }) => vendor)
    assert.deepEqual(vendors, ['plugin:openai', 'plugin:openai'])
    assert.equal(house.stub.hits().length, 2)
  })

  it('has our own client of its vendor behind it, where the agent has a key', async () => {
    const both = await house.agent([PACKAGE])
    house.stub.forget() // it asked for the list of models
    house.stub.answer(() => replyXml('REPLY', 'By the other one.'))
    house.stub.mood({ kind: 'status', status: 500, once: true })
    const turn = await noteTurn(house, both, { text: 'Hello?' })
    assert.equal(turn.replies.at(-1)?.text, 'By the other one.')
    const vendors = turn.calls.map(({ vendor }) => vendor)
    assert.deepEqual(vendors, ['plugin:openai', 'openai'])
  })

  it('is billed to the right one of turns that run side by side', async () => {
    const all = await Promise.all(
      ['first', 'second', 'third'].map((text) => noteTurn(house, agent, { text })),
    )
    assert.deepEqual(
      all.map(({ calls }) => calls.map(({ step, vendor }) => `${step} ${vendor}`)),
      all.map(() => ['decide plugin:openai']),
    )
    assert.equal(house.stub.hits().length, all.length)
  })

  it('has left no rejection behind, and its key stands in no log, row or error', async () => {
    assert.doesNotMatch(house.log(), /that nobody handles/)
    assert.ok(!house.log().includes(KEY), 'the key is in the log')
    const rows = await house.assembly.db.selectFrom('model_calls').selectAll().execute()
    assert.ok(!JSON.stringify(rows).includes(KEY), 'the key is in the ledger')
    assert.ok(!JSON.stringify(house.assembly.plugins.opened(agent.id)?.report).includes(KEY))
  })
})

const typesOf = (all: readonly AskedModel[]) => all.map(({ type }) => type).sort()

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (answer) => assert.fail(`It answered ${JSON.stringify(answer)}.`),
    (error: unknown) => String(error),
  )

/** The decision, and then what each of the asked models says. */
function saysWithin(prompt: string): string | undefined {
  if (prompt.includes('<message_to_answer>')) return replyXml('ASK_MODELS', 'I ask.')
  const found = ASKED.find(({ params }) => {
    const asked = (params as { prompt?: unknown }).prompt // any of the params above
    return typeof asked === 'string' && prompt.includes(asked)
  })
  return found?.says
}
