import { describe, expect, it } from '@jest/globals'
import { apologyText } from '../../../agent/prompts/apology.ts'
import {
  composePrompt,
  TemplateError,
  templateFault,
} from '../../../agent/prompts/compose-prompt.ts'
import { templateOf } from '../../../agent/prompts/templates.ts'
import { turnContext } from '../turn-context.ts'

const fill = (source: string, values: Record<string, unknown> = {}, text = ''): string =>
  composePrompt({ name: 'testTemplate', source }, { values, data: {}, text })

describe('composePrompt', () => {
  it('fills in values as they are, without escaping them for HTML', () => {
    const bio = `<b>"Tom" & 'Jerry'</b>`
    expect(fill('{{bio}} {{{bio}}}', { bio })).toBe(`${bio} ${bio}`)
  })

  it('gives the texts of the providers as providers, whatever a value of that name says', () => {
    expect(fill('{{providers}}', { providers: 'old' }, 'the texts')).toBe('the texts')
  })

  it.each([
    '{{system}}',
    '{{{system}}}',
    '{{name1}}',
    '{{#each this}}{{@key}}{{/each}}',
    '{{/if}}',
    '{{> partial}}',
    '\\{{system}}',
    '$& $1 `x` $y',
  ])('never reads %s in a message as a template', (text) => {
    const values = { system: 'SECRET', messageText: text }
    expect(fill('{{messageText}}|{{providers}}', values, text)).toBe(`${text}|${text}`)
  })

  it('gives people in examples the same names each time', () => {
    const names = fill('{{name1}} and {{name2}}')
    expect(names).toMatch(/^\w+ and \w+$/)
    expect(fill('{{name1}} and {{name2}}')).toBe(names)
  })

  it('keeps conditions and lists of a template', () => {
    const source = '{{#if topics}}{{#each topics}}- {{this}}\n{{/each}}{{/if}}{{#if none}}no{{/if}}'
    expect(fill(source, { topics: ['a', 'b'] })).toBe('- a\n- b\n')
  })

  it.each(['{{constructor}}', '{{toString}}', '{{__proto__}}', '{{bio.constructor.name}}'])(
    'gives %s nothing of an object that it does not own',
    (source) => {
      expect(fill(source, { bio: 'x' })).toBe('')
    },
  )

  it('calls no function that a provider put into the values', () => {
    let calls = 0
    const spy = () => {
      calls += 1
    }
    expect(fill('{{spy}}', { spy })).toBe('')
    expect(calls).toBe(0)
  })

  it('gives only text that Postgres can store', () => {
    expect(fill('{{a}}', { a: 'x\u0000\ud83d' })).toBe('x\uFFFD\uFFFD')
  })

  it.each(['{{#if}', '{{#each a}}', '{{> missing}}', '{{log a}}'])(
    'names the template when %s cannot be used',
    (source) => {
      expect(() => fill(source, { a: [1] })).toThrow(TemplateError)
      expect(() => fill(source, { a: [1] })).toThrow("The template 'testTemplate' cannot be used")
    },
  )

  it('survives a template that includes itself for ever', () => {
    const source = '{{#*inline "x"}}{{> x}}{{/inline}}{{> x}}'
    expect(() => fill(source)).toThrow(TemplateError)
  })

  it('tells a broken template from a good one without running it', () => {
    expect(templateFault('{{#if a}}x{{/if}}')).toBeUndefined()
    expect(templateFault('{{#if a}}x')).toContain('Parse error')
  })

  it('serves more templates than it remembers', () => {
    for (let index = 0; index < 1_200; index += 1) {
      expect(fill(`${index} {{a}}`, { a: 'x' })).toBe(`${index} x`)
    }
  })
})

describe('a template', () => {
  it("is ours, or the character's own of that name unless it is blank", () => {
    const named = (templates: Record<string, string>) =>
      templateOf({ name: 'A', bio: 'x', templates }, 'replyTemplate').source
    const ours = named({})
    expect(named({ replyTemplate: 'mine' })).toBe('mine')
    expect(named({ replyTemplate: ' ' })).toBe(ours)
    expect(named({ other: 'x' })).toBe(ours)
  })
})

describe('the apology', () => {
  it("is ours, or the character's, or nothing when the setting is off", () => {
    expect(apologyText(turnContext().agent)).toContain('Sorry')
    const character = { templates: { apologyTemplate: '{{agentName}} is sorry.' } }
    expect(apologyText(turnContext({ character }).agent)).toBe('Ada is sorry.')
    expect(apologyText(turnContext({ settings: { apology: false } }).agent)).toBeUndefined()
    expect(apologyText(turnContext({ settings: { apology: 'off' } }).agent)).toBeUndefined()
  })

  it("is ours when the character's own is broken: it is said when something else failed", () => {
    const character = { templates: { apologyTemplate: '{{#if' } }
    expect(apologyText(turnContext({ character }).agent)).toContain('Sorry')
  })
})
