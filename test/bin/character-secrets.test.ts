import { describe, expect, it } from '@jest/globals'
import {
  joinSecrets,
  MASK,
  maskSecrets,
  patchCharacter,
  splitSecrets,
} from '../../bin/character-secrets.ts'
import type { Character } from '../../schema/character.ts'
import type { JsonObject } from '../../schema/json.ts'

const SECRETS = ['sk-top', 'tg-nested', 'camel-1', 'in-a-list', 'of-secrets', 'inner-1']
const ada: Character = {
  name: 'Ada',
  bio: ['A companion.'],
  secrets: { OPENAI_API_KEY: 'sk-top', OTHER: 'of-secrets' },
  settings: {
    model: 'small',
    TEXT_LARGE_MAX_TOKENS: 500,
    openaiApiKey: 'camel-1',
    telegram: { mode: 'polling', botToken: 'tg-nested' },
    servers: [{ url: 'a', token: 'in-a-list' }],
    secrets: { PLAIN: 'inner-1' },
  },
}

describe('the secrets of a character', () => {
  it('are not in the part that is stored in the open, however deep and in whatever case', () => {
    const { open } = splitSecrets(ada)
    for (const secret of SECRETS) expect(JSON.stringify(open)).not.toContain(secret)
    expect(open.settings).toEqual({ model: 'small', TEXT_LARGE_MAX_TOKENS: 500 })
  })

  it('come back when the parts are joined', () => {
    const { open, secrets } = splitSecrets(ada)
    expect(joinSecrets(open, secrets)).toEqual(ada)
  })

  it('are shown by their names only', () => {
    const shown = JSON.stringify(maskSecrets(ada))
    for (const secret of SECRETS) expect(shown).not.toContain(secret)
    expect(maskSecrets(ada).settings).toMatchObject({ openaiApiKey: MASK, model: 'small' })
  })

  it('stay as they are when what was shown is sent back, in lists too', () => {
    const shown = maskSecrets(ada) as unknown as JsonObject
    expect(patchCharacter(ada, shown)).toEqual(ada)
  })

  it('are replaced by a new value, and removed by null', () => {
    const patched = patchCharacter(ada, { secrets: { OPENAI_API_KEY: 'new' }, settings: null })
    expect(patched).toMatchObject({ secrets: { OPENAI_API_KEY: 'new' } })
    expect(patched).not.toHaveProperty('settings')
  })
})
