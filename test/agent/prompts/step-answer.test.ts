import { describe, expect, it } from '@jest/globals'
import { parseStep } from '../../../agent/prompts/step-answer.ts'

const STEP = { thought: 't', action: 'LOOK', providers: ['A', 'B'], isFinish: false }
const xml = (fields: string) => `<response><thought>t</thought>${fields}</response>`

describe('a step of many', () => {
  it.each([
    [
      'as it was asked for',
      xml('<action>LOOK</action><providers>A, B</providers><isFinish>false</isFinish>'),
    ],
    [
      'in a code fence, with thoughts before',
      `<think>hm</think>\n\`\`\`xml\n${xml('<action>LOOK</action><providers>A,B</providers>')}\n\`\`\``,
    ],
    ['without its frame', '<thought>t</thought><action>LOOK</action><providers>A, B</providers>'],
    [
      'as lists',
      xml(
        '<actions><action>LOOK</action></actions><providers><provider>A</provider><provider>B</provider></providers>',
      ),
    ],
    ['as JSON', '{"thought": "t", "action": "LOOK", "providers": ["A", "B"], "isFinish": false}'],
    ['cut off', '<response><thought>t</thought><action>LOOK</action><providers>A, B'],
  ])('is read %s', (_, answer) => {
    expect(parseStep(answer)).toEqual(STEP)
  })

  it('has its parameters as an object, or says why not', () => {
    const given = parseStep(xml('<action>LOOK</action><parameters>{"at": {"x": 1}}</parameters>'))
    expect(given?.parameters).toEqual({ at: { x: 1 } })
    const broken = parseStep(xml('<action>LOOK</action><parameters>at x</parameters>'))
    expect(broken).toMatchObject({ parametersFault: 'The parameters are no JSON.' })
  })

  it.each([
    '<isFinish>true</isFinish>',
    '<is_finish>TRUE</is_finish>',
    '<isFinished>yes</isFinished>',
  ])('is the last one by %s', (field) => {
    expect(parseStep(xml(field))).toMatchObject({ isFinish: true, action: '' })
  })

  it.each([
    '',
    'I will look.',
    '<response><thought>t</thought></response>',
    '{"a": 1}',
    '{"action',
  ])('cannot be read from %j', (answer) => {
    expect(parseStep(answer)).toBeUndefined()
  })
})
