import { describe, expect, it } from '@jest/globals'
import { parseRespondAnswer } from '../../../agent/prompts/respond-answer.ts'

const answer = (action: string): string =>
  `<response><name>Ada</name><reasoning>because RESPOND</reasoning><action>${action}</action></response>`

describe('the answer to whether to respond', () => {
  it.each([
    [answer('RESPOND'), 'respond'],
    [answer(' respond. '), 'respond'],
    [answer('IGNORE'), 'ignore'],
    [answer('STOP'), 'ignore'],
    [answer('NONE'), 'ignore'],
    ['<think>RESPOND?</think><action>IGNORE</action>', 'ignore'],
    ['```xml\n<response><action>RESPOND', 'respond'],
    ['RESPOND', 'respond'],
    [answer('DONT_RESPOND'), undefined],
    ['I would respond to that.', undefined],
    ['', undefined],
  ])('%j means %s', (text, decision) => {
    expect(parseRespondAnswer(text)).toBe(decision)
  })
})
