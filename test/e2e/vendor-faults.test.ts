import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  type Answer,
  type RecordedRequest,
  replyXml,
  startStubOpenai,
  type TextAnswer,
} from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { messageIn, reply, requestsFor } from './answers.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { type DevFolder, openDevFolder } from './dev-folder.ts'
import { until } from './until.ts'

/** Longer than four calls with the pauses between them take. */
const DEADLINE_MS = 14_000
const GRACE_MS = 10_000
const KEY = 'sk-a-key-that-nobody-may-see-4711'
const LONG = 'All work and no play. '.repeat(9_000).trim()
const APOLOGY = 'Sorry, that went wrong on my side.'

/** Characters of an answer after which nothing more is read. */
const MAX_ANSWER = 1_000_000
const ENDLESS = `<response><thought>?</thought><actions>REPLY</actions><text>${'la '.repeat(350_000)}`

interface Fault {
  readonly name: string
  /** To the first request, the second …; the last one to all others. */
  readonly answers: readonly Answer[]
  readonly state: Trace['state']
  readonly code?: Trace['code']
  /** What the person reads. @default the apology */
  readonly text?: string
  /** How many requests the vendor gets. */
  readonly requests: number
  /** What the operator reads. */
  readonly reason?: RegExp
}

const status = (code: number, message: string, headers = {}): Answer => ({
  kind: 'status',
  status: code,
  body: { error: { message, type: 'stub_error' } },
  headers,
})
const raw = (text: string, finishReason = 'stop'): TextAnswer => ({
  kind: 'text',
  text,
  finishReason,
})
const fine = reply('All is well.')
const broken = status(500, 'The server had an accident.')

/** Where an answer is cut, and what comes behind it. */
const CUT = replyXml('Half of it is here.').indexOf(' it is here.')
const REST = raw(replyXml('Half of it is here.').slice(CUT))

const FAULTS: readonly Fault[] = [
  {
    name: 'refuses the key (401)',
    answers: [status(401, `Incorrect API key provided: ${KEY}.`)],
    ...{ state: 'failed', code: 'model_rejected', requests: 1, reason: /401|Incorrect API key/ },
  },
  {
    name: 'is busy (429) and names a time',
    answers: [status(429, 'Slow down.', { 'retry-after': '1' }), fine],
    ...{ state: 'replied', text: 'All is well.', requests: 2 },
  },
  {
    name: 'fails twice (500)',
    answers: [broken, broken, fine],
    ...{ state: 'replied', text: 'All is well.', requests: 3 },
  },
  {
    name: 'always fails (500)',
    answers: [broken],
    ...{ state: 'failed', code: 'model_unavailable', requests: 4, reason: /an accident/ },
  },
  {
    name: 'hangs up before it answers',
    answers: [{ kind: 'refuse' }, fine],
    ...{ state: 'replied', text: 'All is well.', requests: 2 },
  },
  {
    name: 'hangs up in the middle of its answer',
    answers: [
      { ...reply('Half of it is here.'), chunkSize: CUT, tokenMs: 200, cutAfterChunks: 1 },
      REST,
    ],
    ...{ state: 'replied', text: 'Half of it is here.', requests: 2 },
  },
  {
    name: 'hangs up in the middle of its thoughts',
    answers: [{ ...reply('Half of it is here.'), cutAfterChunks: 2 }, fine],
    ...{ state: 'replied', text: 'All is well.', requests: 2 },
  },
  {
    name: 'hangs up in the middle of its answer, and says something else then',
    answers: [
      { ...reply('Half of it is here.'), chunkSize: CUT, tokenMs: 200, cutAfterChunks: 1 },
      fine,
    ],
    ...{ state: 'replied', text: 'Half of', requests: 2 },
  },
  {
    name: 'never answers',
    answers: [{ kind: 'hang' }],
    ...{ state: 'timed_out', code: 'deadline_exceeded', requests: 1 },
  },
  {
    name: 'answers nothing',
    answers: [raw('')],
    ...{ state: 'failed', code: 'model_answer_empty', requests: 2, reason: /nothing/ },
  },
  {
    name: 'answers nothing, because of its content filter',
    answers: [raw('', 'content_filter')],
    ...{ state: 'failed', code: 'model_refused', requests: 1, reason: /content filter/ },
  },
  {
    name: 'answers a thought only',
    answers: [raw('<response><thought>Hm.</thought></response>')],
    ...{ state: 'failed', code: 'model_answer_unreadable', requests: 2, reason: /read/ },
  },
  {
    name: 'answers in prose',
    answers: [raw('Good morning to you, too.')],
    ...{ state: 'replied', text: 'Good morning to you, too.', requests: 1 },
  },
  {
    name: 'stops in the middle of its XML',
    answers: [raw(replyXml('Half of a sentence and').split('</text>')[0] ?? '', 'length')],
    ...{ state: 'replied', text: 'Half of a sentence and', requests: 1 },
  },
  {
    name: 'answers 200 KB',
    answers: [{ ...reply(LONG), chunkSize: 4_000 }],
    ...{ state: 'replied', text: LONG, requests: 1 },
  },
  {
    name: 'does not know the model (404)',
    answers: [
      {
        kind: 'status',
        status: 404,
        body: { error: { message: 'The model does not exist.', code: 'model_not_found' } },
      },
    ],
    ...{ state: 'failed', code: 'model_rejected', requests: 1, reason: /OPENAI_LARGE_MODEL/ },
  },
  {
    name: 'answers JSON of another shape',
    answers: [{ kind: 'raw', contentType: 'application/json', body: '{"status": "fine"}' }],
    ...{ state: 'failed', code: 'model_rejected', requests: 1, reason: /OPENAI_BASE_URL/ },
  },
  {
    name: 'never stops',
    answers: [{ ...raw(ENDLESS), chunkSize: 20_000 }],
    ...{ state: 'replied', text: ENDLESS.slice(ENDLESS.indexOf('la '), MAX_ANSWER), requests: 1 },
  },
  {
    name: 'answers a web page',
    answers: [{ kind: 'raw', contentType: 'text/html', body: '<!doctype html><p>Hello!' }],
    ...{ state: 'failed', code: 'model_rejected', requests: 1, reason: /text\/html/ },
  },
]

interface Outcome {
  readonly turn: Trace
  readonly channel: string
  readonly requests: readonly RecordedRequest[]
}

let folder: DevFolder
let client: Client
/** Answers that are still to come, by message. */
const scripts = new Map<string, Answer[]>()
/** All faults happen at once, each in its own room: no room stops another. */
const outcomes = new Map<string, Promise<Outcome>>()

beforeAll(async () => {
  folder = await openDevFolder({
    env: {
      TURNKEEPER_TURN_DEADLINE_MS: `${DEADLINE_MS}`,
      OPENAI_API_KEY: KEY,
      // All faults happen to one model at once: a breaker would keep it from most of them.
      TURNKEEPER_BREAKER_FAILURES: '0',
    },
    character: {
      name: 'Eve',
      bio: ['Eve answers what she is asked.'],
      system: 'The words of the system.',
      templates: { apologyTemplate: APOLOGY },
    },
  })
  folder.answer(({ messages }) => {
    const script = scripts.get(messageIn(promptText({ messages })) ?? '') ?? [fine]
    return (script.length > 1 ? script.shift() : script[0]) ?? fine
  })
  client = createClient((await folder.start()).url)
  for (const fault of FAULTS) {
    const outcome = suffer(fault)
    outcome.catch(() => undefined) // Its test awaits it, too.
    outcomes.set(fault.name, outcome)
  }
})

afterAll(() => folder.close())

async function suffer({ name, answers }: Fault): Promise<Outcome> {
  const channel = randomUUID()
  const message = `What if the vendor ${name}?`
  scripts.set(message, [...answers])
  const { turnId } = await client.settled(await client.drop(channel, message))
  const turn = await until('the end of every call', async () => {
    const now = await client.trace(turnId)
    return now.modelCalls.some(({ state }) => state === 'pending') ? undefined : now
  })
  return { turn, channel, requests: requestsFor(folder.stub, message) }
}

/** I5: one row per call; what was charged is in the ledger as it was, or marked as not known. */
function expectBooked({ turn, requests }: Outcome): void {
  const rows = turn.modelCalls
  expect(rows).toHaveLength(requests.length)
  for (const [index, { promptTokens, completionTokens, state }] of requests.entries()) {
    const row = rows[index]
    // An answer that we stopped reading had perhaps been sent as a whole: nobody heard its usage.
    const isUnheard = row?.finishReason === 'length' && row.state === 'unknown'
    const isHeard = state === 'answered' && !isUnheard
    if (isHeard && promptTokens > 0) {
      expect(row).toMatchObject({
        ...{ state: 'complete', inputTokens: promptTokens, outputTokens: completionTokens },
      })
    } else expect(['unknown', 'cut']).toContain(row?.state)
  }
}

describe('when the vendor', () => {
  it.each(FAULTS)(
    '$name, the person gets one answer and the operator the reason',
    async (fault) => {
      const outcome = await outcomes.get(fault.name)
      if (!outcome) throw new Error('It did not happen.')
      const { turn, channel } = outcome
      const { state, code = null, text = APOLOGY, requests, reason } = fault
      expect(turn).toMatchObject({ state, code })
      expect(outcome.requests).toHaveLength(requests)
      expect(await client.replies(channel)).toEqual([text])
      if (reason) expect(turn.error).toMatch(reason)
      expectBooked(outcome)
      expect((turn.settledAt ?? 0) - turn.acceptedAt).toBeLessThan(DEADLINE_MS + GRACE_MS)
      expect(JSON.stringify(turn)).not.toContain(KEY)
      // The room goes on.
      expect(await client.say(channel, 'And now?')).toMatchObject({ turn: { state: 'replied' } })
    },
  )

  it('cannot be reached, the turn waits for it', async () => {
    const { port } = new URL(folder.stub.url)
    await folder.stub.close()
    const turnId = await client.drop(randomUUID(), 'Is anybody there?')
    const failed = await until('a failed call', async () => {
      const { modelCalls } = await client.trace(turnId)
      return modelCalls.find(({ error }) => error !== null)
    })
    const back = await startStubOpenai(() => fine, Number(port))
    try {
      expect(failed).toMatchObject({ state: 'unknown', error: expect.stringContaining('reached') })
      expect(await client.settled(turnId)).toMatchObject({ reply: { text: 'All is well.' } })
    } finally {
      await back.close()
    }
  })

  // The last one: what the vendor wishes holds for everybody who uses the key.
  it('is busy (429) for longer than the turn may take, nobody waits for it', async () => {
    const { port } = new URL(folder.stub.url)
    const busy = status(429, 'Come back in an hour.', { 'retry-after': '3600' })
    const stub = await startStubOpenai(() => busy, Number(port))
    try {
      const channel = randomUUID()
      const { turnId } = await client.settled(await client.drop(channel, 'Is it my turn?'))
      const turn = await client.trace(turnId)
      expect(turn).toMatchObject({ state: 'failed', code: 'model_unavailable' })
      expect(turn.error).toMatch(/Come back/)
      expect(await client.replies(channel)).toEqual([APOLOGY])
      // Whoever comes next does not ask either.
      const next = await client.say(randomUUID(), 'And I?')
      expect(next.turn).toMatchObject({ state: 'failed', code: 'model_unavailable' })
      expect(stub.requests()).toHaveLength(1)
    } finally {
      await stub.close()
    }
  })
})
