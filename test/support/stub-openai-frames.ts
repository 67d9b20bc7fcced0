import type { ScriptedFailure, ScriptedText, ScriptedUsage } from '../models/vendor-under-test.ts'
import { type OpenaiFlavour, openaiErrors } from './stub-openai-errors.ts'
import type { Wire } from './stub-play.ts'

type Finish = NonNullable<ScriptedText['finish']>

const FINISH: Readonly<Record<Exclude<Finish, 'none'>, string>> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content_filter',
}

/** The events of `chat/completions`, of one answer. */
export function openaiFrames(
  flavour: OpenaiFlavour,
): Pick<Wire, 'contentType' | 'text' | 'calls' | 'end' | 'refusal' | 'failure' | 'frame'> {
  let hasCalls = false
  const finish = (reason: string) => chunk([{ index: 0, delta: {}, finish_reason: reason }])
  return {
    contentType: 'text/event-stream; charset=utf-8',
    frame: event,
    text: (content) => delta({ content }),
    calls(calls) {
      hasCalls = true
      return calls.map(({ name, pieces }, index) => callFrames(index, name, pieces)).join('')
    },
    end(reason, usage) {
      const last = usage ? chunk([], usageFields(usage, flavour)) : ''
      if (reason === 'none') return last
      return finish(hasCalls ? 'tool_calls' : FINISH[reason]) + last + event('[DONE]')
    },
    refusal: (text) => delta({ content: null, refusal: text }) + finish('stop') + event('[DONE]'),
    failure: (failure) => failureFrame(failure, flavour),
  }
}

const event = (content: string): string => `data: ${content}\n\n`

const chunk = (choices: readonly object[], more: object = {}): string =>
  event(JSON.stringify({ id: 'stub', object: 'chat.completion.chunk', choices, ...more }))

const delta = (content: object): string =>
  chunk([{ index: 0, delta: content, finish_reason: null }])

function callFrames(index: number, name: string, pieces: readonly string[]): string {
  const first = { index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }
  return [first, ...pieces.map((json) => ({ index, function: { arguments: json } }))]
    .map((call) => delta({ tool_calls: [call] }))
    .join('')
}

function failureFrame(failure: ScriptedFailure, flavour: OpenaiFlavour): string {
  const { status, body } = openaiErrors(flavour).error(failure, undefined)
  if (flavour !== 'openrouter') return event(JSON.stringify(body))
  // A chunk like the others, so that clients that look for nothing else end, too.
  const choices = [{ index: 0, delta: { content: '' }, finish_reason: 'error' }]
  return chunk(choices, { error: { message: 'Provider returned error', code: status }, ...body })
}

/** As each vendor counts: xAI what was thought only in the total; xAI and OpenRouter say the price. */
function usageFields({ input, output, cached }: ScriptedUsage, flavour: OpenaiFlavour): object {
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cached !== undefined && { prompt_tokens_details: { cached_tokens: cached } }),
  }
  if (flavour === 'xai') {
    const written = Math.ceil(output / 2)
    return { usage: { ...usage, completion_tokens: written, cost_in_usd_ticks: 37_756_000 } }
  }
  if (flavour === 'openrouter') return { usage: { ...usage, cost: 0.00014 } }
  return flavour === 'groq' ? { x_groq: { id: 'req_stub', usage } } : { usage }
}
