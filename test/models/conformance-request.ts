import type { GenerateOptions, ModelRequest } from '../../agent/models.ts'

export const PROMPT = `<agent_name>Ada</agent_name>
<conversation>
Sam: Hello!
Ada: Hello Sam.
</conversation>
<message_to_answer>
I need a holiday & some <rest>.
</message_to_answer>
`

export const REQUEST: ModelRequest = {
  model: 'test-model',
  purpose: 'TEXT_LARGE',
  system: 'You are Ada.',
  prompt: PROMPT,
}

/** Looks like no vendor's, so that nothing but itself can be recognised. */
export const KEY = 'my-very-own-secret-0815'

export const quietly = (): GenerateOptions => ({
  signal: new AbortController().signal,
  onText: () => undefined,
})
