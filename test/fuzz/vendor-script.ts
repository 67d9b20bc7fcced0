import type { Answer, ChatBody, StubScript } from '../support/stub-openai.ts'
import { defaultAnswer } from '../support/stub-openai.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { isSay, type Mood, type Plan, type Say } from './plan.ts'

const GOOD: Mood = { kind: 'good', firstMs: 0, tokenMs: 0, usage: true }
const SMALL_ANSWER = 'Nothing of note.'

/** Answers as the plan says: the large model by the message that is asked about, the small one in turn. */
export function vendorScript(plan: Plan): StubScript {
  const messages = new Map(plan.ops.filter(isSay).map((say) => [say.id, say]))
  const calls = new Map<string, number>()
  let small = 0
  return (body, n) => {
    const answer = defaultAnswer(body, n)
    if (body.model?.startsWith('small')) {
      small += 1
      const text = promptText(body).startsWith('Evaluate ') ? SMALL_ANSWER : answer.text
      const mood = plan.smallMoods[small % plan.smallMoods.length] ?? GOOD
      // Evaluators have little time: what is garbage for them is shown by the large model.
      return inMood(mood.kind === 'garbage' ? GOOD : mood, text)
    }
    const say = messages.get(newestTag(body) ?? '')
    const call = calls.get(say?.id ?? '') ?? 0
    calls.set(say?.id ?? '', call + 1)
    return inMood(say?.moods[call] ?? GOOD, withActions(answer.text, say))
  }
}

const withActions = (text: string, say: Say | undefined) =>
  text.replace('>REPLY<', `>${['REPLY', ...(say?.actions ?? [])].join(',')}<`)

/** Of the messages that are asked about: several, when they were merged. */
function newestTag(body: ChatBody): string | undefined {
  const prompt = promptText(body)
  return tagsIn(prompt.slice(prompt.lastIndexOf('\n<message_to_answer>'))).at(-1)
}

/** Names of messages in a text. */
export const tagsIn = (text: string): string[] =>
  [...text.matchAll(/\[(m\d+)\]/g)].map(([, id = '']) => id)

function inMood(mood: Mood, text: string): Answer {
  switch (mood.kind) {
    case 'good': {
      const { firstMs: firstTokenMs, tokenMs, usage } = mood
      return { kind: 'text', text, firstTokenMs, tokenMs, usage: usage ? 'counted' : 'none' }
    }
    case 'pause':
      return { kind: 'text', text, pauseAfterFirst: mood.afterFirstMs }
    case 'cut':
      return { kind: 'text', text, cutAfterChunks: mood.afterChunks, tokenMs: 5 }
    case 'garbage':
      return { kind: 'text', text: mood.text }
    case 'refuse':
      return { kind: 'refuse' }
    case 'status': {
      const { status, retryAfterS } = mood
      const error = { message: `The stub says ${status}.`, type: 'stub' }
      const headers = retryAfterS === undefined ? undefined : { 'retry-after': `${retryAfterS}` }
      return { kind: 'status', status, body: { error }, headers }
    }
  }
}
