import { describe, expect, it } from '@jest/globals'
import { createUniqueUuid, stringToUuid } from '../../schema/ids.ts'

describe('stringToUuid', () => {
  it('leaves a UUID as it is', () => {
    expect(stringToUuid('00000000-0000-0000-0000-000000000000')).toBe(
      '00000000-0000-0000-0000-000000000000',
    )
  })

  it('gives one agent one id for an outside name', () => {
    const agent = stringToUuid('Ada')
    expect(createUniqueUuid(agent, agent)).toBe(agent)
    expect(createUniqueUuid(agent, 'x')).toBe(stringToUuid(`x:${agent}`))
  })
})
