import {
  type RecordedRequest,
  replyXml,
  type StubOpenai,
  type TextAnswer,
} from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { until } from './until.ts'

/** Characters of a held reply that the person sees. */
const SHOWN = 12

export const reply = (text: string): TextAnswer => ({ kind: 'text', text: replyXml(text) })

/** Shows how the reply begins, then waits: for ever by default, which only the client's end ends. */
export function heldReply(
  text: string,
  release = new Promise<unknown>(() => undefined),
): TextAnswer {
  const answer = reply(text)
  const chunkSize = answer.text.indexOf('<text>') + '<text>'.length + SHOWN
  return { ...answer, chunkSize, pauseAfterFirst: release }
}

/** The requests whose prompt ends in a message; a later turn has it in its conversation, too. */
export const requestsFor = (stub: StubOpenai, message: string): readonly RecordedRequest[] =>
  stub.requests().filter(({ body }) => messageIn(promptText(body)) === message)

/** The `n`th request for a message, counted from 1, once it is there. */
export const requestFor = (stub: StubOpenai, message: string, n = 1): Promise<RecordedRequest> =>
  until(`request ${n} for '${message}'`, () => requestsFor(stub, message)[n - 1])

/** What the prompt asks for an answer to. */
export function messageIn(prompt: string): string | undefined {
  const [, message] = prompt.split('\n<message_to_answer>\n').slice(-2)
  return message?.split('\n</message_to_answer>')[0]
}
