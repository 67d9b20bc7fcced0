import { describe, expect, it } from '@jest/globals'
import { parseImageAnswer } from '../../../agent/prompts/image-answer.ts'

describe('an answer about a picture', () => {
  it.each([
    [
      '<response><title>Tom</title><description>A cat & a dog.</description><text>MEOW</text></response>',
      { title: 'Tom', description: 'A cat & a dog.', text: 'MEOW' },
    ],
    [
      '<think>Hm, <description>no</description></think>```xml\n<response>\n<title> </title><description>A cat.</description><text/></response>```',
      { description: 'A cat.' },
    ],
    ['<description>A cat.</description>', { description: 'A cat.' }],
    ['<response><description>A cat that', { description: 'A cat that' }],
    ['A cat on a sofa.', { description: 'A cat on a sofa.' }],
    ['<response>A cat.</response>', { description: 'A cat.' }],
    ['', undefined],
    [' \n', undefined],
    ['<response></response>', undefined],
    ['<response><title>Tom</title></response>', { description: 'Tom' }],
  ])('is read: %j', (answer, expected) => {
    expect(parseImageAnswer(answer)).toEqual(expected)
  })

  it('has a title of a line, not of a page', () => {
    const answer = `<title>${'x'.repeat(900)}</title><description>y</description>`
    expect(parseImageAnswer(answer)?.title).toHaveLength(200)
  })
})
