import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Api, type House, openHouse, type Worker } from '../support/e2e-house.ts'
import { type Answer, replyXml } from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { messageIn } from './answers.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { stringsIn } from './strings-in.ts'

/** No word of ours, and no hex: it can stand in no id by chance. */
const CANARY = 'zilpzalp'
const of = (place: string) => `${CANARY}-${place}`
/** A turn that never gets an answer must end while the test looks. */
const DEADLINE_MS = 6_000

const CHARACTER = {
  name: `Eve ${of('name')}`,
  bio: [`Eve is a ${of('bio')}.`],
  system: `Think of a ${of('system')}.`,
  settings: { secrets: { OPENAI_API_KEY: of('key-of-the-agent') } },
}
const refused: Answer = {
  kind: 'status',
  status: 400,
  body: { error: { message: `You said ${of('error')} with ${of('key-of-the-agent')}.` } },
}
const broken: Answer = { ...refused, status: 500 }
const spoken: Answer = { kind: 'text', text: replyXml(`I like a ${of('reply')}.`) }
const silent: Answer = {
  kind: 'text',
  text: `<response><thought>A ${of('thought')}.</thought><actions>IGNORE</actions></response>`,
}
const garbled: Answer = { kind: 'text', text: `{"text": "${of('json')}` }

interface Case {
  readonly name: string
  readonly answers: readonly Answer[]
  readonly state: Trace['state']
  readonly code: Trace['code']
}
const CASES: readonly Case[] = [
  { name: 'is replied to', answers: [spoken], state: 'replied', code: null },
  {
    name: 'is replied to at the second try',
    answers: [broken, spoken],
    state: 'replied',
    code: null,
  },
  { name: 'is ignored', answers: [silent], state: 'ignored', code: null },
  { name: 'the vendor refuses', answers: [refused], state: 'failed', code: 'model_rejected' },
  {
    name: 'gets no readable answer',
    answers: [garbled],
    ...{ state: 'failed', code: 'model_answer_unreadable' },
  },
  {
    name: 'gets no answer in time',
    answers: [{ kind: 'hang' }],
    ...{ state: 'timed_out', code: 'deadline_exceeded' },
  },
]

let house: House
let client: Client
let processes: readonly [Api, Worker]
const turns = new Map<string, Trace>()
const scripts = new Map<string, Answer[]>()

beforeAll(async () => {
  house = await openHouse({
    character: CHARACTER,
    env: {
      SECRET_SALT: of('salt'),
      OPENAI_API_KEY: of('key'),
      TURNKEEPER_TURN_DEADLINE_MS: `${DEADLINE_MS}`,
      LOG_LEVEL: 'trace',
    },
  })
  house.answer((body) => {
    const script = scripts.get(messageIn(promptText(body)) ?? '') ?? []
    return (script.length > 1 ? script.shift() : script[0]) ?? spoken
  })
  processes = await Promise.all([house.startApi(), house.startWorker()])
  client = createClient(processes[0].url)
  await Promise.all(
    CASES.map(async ({ name, answers }) => {
      const message = `A message that ${name}, and a ${of('message')}.`
      scripts.set(message, [...answers])
      const turnId = await client.drop(randomUUID(), message)
      turns.set(name, await client.settled(turnId))
    }),
  )
})

afterAll(() => house.close())

const turnOf = (name: string): Trace => {
  const turn = turns.get(name)
  if (!turn) throw new Error(`No turn '${name}'.`)
  return turn
}

describe('the words of people, models and vendors, and keys', () => {
  it.each(CASES)(
    'are not in the history of a message that $name',
    async ({ name, state, code }) => {
      const turn = turnOf(name)
      expect(turn).toMatchObject({ state, code })
      const strings = stringsIn(await client.history(turn.turnId))
      expect(strings.filter((text) => text.toLowerCase().includes(CANARY))).toEqual([])
      // What is in payloads, summaries, search attributes and failures was seen.
      const seen = strings.join('\n')
      for (const part of [turn.turnId, turn.roomId, 'Ask the model', 'Commit the outcome']) {
        expect(seen).toContain(part)
      }
      if (code !== null && state === 'failed') expect(seen).toContain(code)
    },
  )

  it('are not in the logs', () => {
    const failed = turnOf('the vendor refuses')
    const logs = processes.map((process) => process.log()).join('\n')
    expect(logs).toContain(failed.turnId)
    expect(logs.split('\n').filter((line) => line.toLowerCase().includes(CANARY))).toEqual([])
  })

  it('are where the operator looks, but for the keys', () => {
    const { error } = turnOf('the vendor refuses')
    expect(error).toContain(of('error'))
    expect(JSON.stringify([...turns.values()])).not.toContain(of('key'))
  })
})
