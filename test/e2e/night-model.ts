import {
  type RecordedRequest,
  replyXml,
  type StubOpenai,
  type StubScript,
} from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { messageIn } from './answers.ts'
import { until } from './until.ts'

/** A question of a plugin that waits for its answer. */
export interface Held {
  /** Once it is there. */
  readonly asked: Promise<RecordedRequest>
  release(): void
}

export interface NightModel {
  readonly script: StubScript
  /** The next question with these words in it gets its answer when it is released, the others at once. */
  hold(words: string): Held
  /** Questions of plugins with these words, oldest first. */
  questions(words: string): readonly RecordedRequest[]
}

/** What the agent answers: the message's first word is the action that it takes. */
export const WORDS = 'As you wish.'

/** @param stubOf the stub is opened by a hook, later than this is called. */
export function createNightModel(stubOf: () => StubOpenai): NightModel {
  const holds = new Map<string, Promise<unknown>>()
  const questions = (words: string) =>
    stubOf()
      .requests()
      .filter(({ body }) => questionIn(promptText(body))?.includes(words))
  return {
    questions,
    script(body) {
      const prompt = promptText(body)
      const question = questionIn(prompt)
      if (question === undefined) return { kind: 'text', text: decision(messageIn(prompt)) }
      const answer = { kind: 'text', text: `Answer to: ${question}`, chunkSize: 5 } as const
      const words = [...holds.keys()].find((key) => question.includes(key))
      const pauseAfterFirst = words === undefined ? undefined : holds.get(words)
      if (words !== undefined) holds.delete(words)
      return { ...answer, pauseAfterFirst }
    },
    hold(words) {
      const before = questions(words).length
      const { promise, resolve } = Promise.withResolvers<void>()
      holds.set(words, promise)
      const asked = until(`the question '${words}'`, () => questions(words)[before])
      asked.catch(() => undefined) // whoever awaits it is told
      return { asked, release: () => resolve() }
    },
  }
}

const questionIn = (prompt: string): string | undefined =>
  messageIn(prompt) === undefined ? /night: (.*)/.exec(prompt)?.[1] : undefined

function decision(message: string | undefined): string {
  const [, action] = /^([A-Z_]+)\b/.exec(message ?? '') ?? []
  const text = replyXml(WORDS)
  return action === undefined ? text : text.replace('>REPLY<', `>REPLY,${action}<`)
}
