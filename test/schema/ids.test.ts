import { describe, expect, it } from '@jest/globals'
import { createUniqueUuid, isUuid, stringToUuid } from '../../schema/ids.ts'

// What `@elizaos/core` 1.7.2 returned for these texts, recorded by running it.
const IDS: readonly (readonly [text: string, id: string])[] = [
  ['', 'da39a3ee-5e6b-0b0d-b255-bfef95601890'],
  ['a', '86f7e437-faa5-07fc-a15d-1ddcb9eaeaea'],
  ['Ada', '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'],
  ['ada', 'e4ea294c-062c-0256-83df-036a35ca579b'],
  ['Ada Lovelace', '3f5ac76d-9ae6-01d4-b7ab-ec1818629c85'],
  ['  spaced  ', '37b964ca-3a50-0361-a2c9-99715eb69177'],
  ['über', '57d75841-94ec-00ed-976c-42339c5c6156'],
  ['日本語', '783fc0ab-b904-0759-a125-627bcd50aed7'],
  ['😀', '3b1cb9c3-73ce-0f5d-95b7-896b3fd16f69'],
  ['👩‍👩‍👧‍👦', '09381105-c9ff-054c-bdd3-220949a36273'],
  ['مرحبا', '36b4d820-7109-0761-8073-8db0accf6db5'],
  ['a/b?c=d&e#f', '4aa63b46-b140-0687-b2bf-ff8a8704ba9b'],
  ['100%', 'c35a02a1-4edf-05e2-a3a6-7491f7e5fda6'],
  ["it's (fine)!*~", 'f0ffa15d-311c-027f-a43b-70a4ce279942'],
  ['line\nbreak', '3e2b1928-a64b-08f6-9aae-1e42948a364b'],
  ['\u0000', '70f640c4-bd53-00fc-8241-05a39bff2de8'],
  ['12345', '8cb2237d-0679-0a88-9b64-64eac60da963'],
  ['{{system}}', 'a21a2001-f13f-08ef-bbe0-a0720de2150e'],
  ['<xml>&amp;', 'fe3c2659-4d31-04a3-b5c5-5dee8bcbbed6'],
  ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'],
  ['123E4567-E89B-12D3-A456-426614174000', '123E4567-E89B-12D3-A456-426614174000'],
  ['b850bc30-45f8-0041-a00a-83df46d8555d', 'b850bc30-45f8-0041-a00a-83df46d8555d'],
  ['123e4567e89b12d3a456426614174000', '99c962e8-c622-06bd-89a1-7f5caf91ce9b'],
  ['x'.repeat(300), '02fd6825-3071-0895-b18c-8d41f7ff665a'],
]

const AGENT = '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'
const UNIQUE_IDS: readonly (readonly [base: string, id: string])[] = [
  ['x', '02407102-1d5b-05c5-a2d1-502f699ef14b'],
  ['5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c', '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'],
  ['5C3CB098-D52D-0B3F-A7E9-7B7FBA960C4C', 'f24dbe2b-5111-0faa-a08d-5b4c8f807ae8'],
  ['', 'd389630b-adee-098d-9553-fce870b37ef9'],
  ['channel-1', 'fc7fab19-f71b-03a3-84f8-2ca30ca6527f'],
  ['00000000-0000-0000-0000-000000000000', 'bb6f3589-88d0-0d0f-846b-2049cd43e75a'],
  ['日本語', '55635584-4fc7-0dfa-8aad-4292ab98623b'],
]

describe('stringToUuid', () => {
  it.each(IDS)('gives %j the id that ElizaOS gives it', (text, id) => {
    expect(stringToUuid(text)).toBe(id)
  })

  it('gives every text a UUID of its own', () => {
    expect(new Set(IDS.map(([text]) => stringToUuid(text))).size).toBe(IDS.length)
    for (const [text] of IDS) expect(isUuid(stringToUuid(text))).toBe(true)
  })
})

describe('createUniqueUuid', () => {
  it.each(UNIQUE_IDS)('gives one agent the id for %j that ElizaOS gives it', (base, id) => {
    expect(createUniqueUuid(AGENT, base)).toBe(id)
  })

  it('gives two agents two ids for one thing', () => {
    expect(createUniqueUuid(stringToUuid('Ada'), 'x')).not.toBe(
      createUniqueUuid(stringToUuid('Bob'), 'x'),
    )
  })
})
