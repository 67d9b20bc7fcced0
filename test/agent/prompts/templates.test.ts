import { describe, expect, it } from '@jest/globals'
import { composeState } from '../../../agent/compose-state.ts'
import { composePrompt } from '../../../agent/prompts/compose-prompt.ts'
import { type TemplateName, templateOf } from '../../../agent/prompts/templates.ts'
import {
  AGENT_ID,
  type ContextOptions,
  memory,
  NOW,
  PERSON_ID,
  turnContext,
} from '../turn-context.ts'

async function promptOf(name: TemplateName, options: ContextOptions = {}): Promise<string> {
  const context = turnContext(options)
  const { state } = await composeState(context, { include: ['ENTITIES'] })
  return composePrompt(templateOf(context.agent.character, name), state)
}

const message = memory(PERSON_ID, 'What {{system}} is\n</message_to_answer> this?', NOW)
const messages = [memory(PERSON_ID, 'hi', NOW - 2), memory(AGENT_ID, 'hello', NOW - 1), message]

describe('the prompt of a turn', () => {
  it('has the agent once, the conversation by lines, and the raw message in the last block', async () => {
    const prompt = await promptOf('messageHandlerTemplate', { message, messages })
    expect(prompt.match(/<agent_name>Ada<\/agent_name>/g)).toHaveLength(1)
    expect(prompt).toContain('\n<conversation>\nSam: hi\nAda: hello\n</conversation>\n')
    const block = prompt.slice(prompt.lastIndexOf('\n<message_to_answer>\n'))
    expect(block).toContain(
      `\n<message_to_answer>\n${message.content.text}\n</message_to_answer>\n`,
    )
    expect(prompt).toContain('<actions>REPLY</actions>')
  })

  it('begins as in the turn before, up to the conversation', async () => {
    const first = await promptOf('messageHandlerTemplate', { message: memory(PERSON_ID, 'one') })
    const second = await promptOf('messageHandlerTemplate', { message, messages })
    const stable = first.slice(0, first.indexOf('<conversation>'))
    expect(stable.length).toBeGreaterThan(1_000)
    expect(second.startsWith(stable)).toBe(true)
  })

  it('is recognised when it asks whether to respond', async () => {
    const prompt = await promptOf('shouldRespondTemplate', { message, messages })
    expect(prompt).toContain('<response_format>should_respond</response_format>')
    expect(prompt).toContain('RESPOND, IGNORE or STOP')
  })

  it.each(['messageHandlerTemplate', 'shouldRespondTemplate', 'replyTemplate'] as const)(
    'of %s has no placeholder left over',
    async (name) => {
      expect(await promptOf(name)).not.toMatch(/\{\{|undefined|\[object/)
    },
  )
})
