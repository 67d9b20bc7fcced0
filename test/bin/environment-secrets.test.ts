import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { environmentSecrets } from '../../bin/environment-secrets.ts'
import { loadConfig } from '../../schema/load-config.ts'

describe('secrets of the environment', () => {
  it('belong to the character whose name they carry', () => {
    const env = {
      'CHARACTER.ADA.OPENAI_API_KEY': 'one',
      'CHARACTER.ADA_B.OPENAI_API_KEY': 'two',
      OPENAI_API_KEY: 'server',
    }
    expect(environmentSecrets('Ada', env)).toEqual({ OPENAI_API_KEY: 'one' })
    expect(environmentSecrets('Ada B.', env)).toEqual({})
    expect(environmentSecrets('Ada-b', env)).toEqual({ OPENAI_API_KEY: 'two' })
  })

  it('may stand in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'secret-'))
    try {
      writeFileSync(join(folder, 'key'), 'from a file\n')
      const env = { 'CHARACTER.ADA.KEY_FILE': join(folder, 'key') }
      expect(environmentSecrets('Ada', env)).toEqual({ KEY: 'from a file' })
      const missing = { 'CHARACTER.ADA.KEY_FILE': join(folder, 'none') }
      expect(() => environmentSecrets('Ada', missing)).toThrow(/CHARACTER\.ADA\.KEY_FILE names a/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('are read from the environment and from .env alike', () => {
    const { config } = loadConfig({
      env: { 'CHARACTER.ADA.ONE': '1' },
      dotenv: 'CHARACTER.ADA.TWO=2\n',
    })
    expect(config.characterEnv).toEqual({ 'CHARACTER.ADA.ONE': '1', 'CHARACTER.ADA.TWO': '2' })
  })
})
