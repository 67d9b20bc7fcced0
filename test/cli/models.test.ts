import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { main } from '../../bin/cli.ts'
import { renderModels } from '../../cli/models.ts'
import { createPaint } from '../../cli/paint.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { fakePipe } from '../support/fake-io.ts'
import { MODELS_OVERVIEW } from '../support/fake-models.ts'
import { type ServedApi, serveApi } from '../support/served-api.ts'

let dataDir: string
let api: ServedApi

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-cli-'))
  api = await serveApi(createFakeApi().deps)
})

afterEach(async () => {
  await api.stop()
  rmSync(dataDir, { recursive: true })
})

async function run(...argv: string[]) {
  const { io, seen } = fakePipe()
  const env = { TURNKEEPER_DATA_DIR: dataDir, TURNKEEPER_API_URL: api.url }
  const code = await main(['models', ...argv], { ...io, env })
  return { code, ...seen }
}

const rendered = (more: Partial<typeof MODELS_OVERVIEW> = {}) =>
  renderModels({ ...MODELS_OVERVIEW, ...more }, createPaint(false), 1_700_000_000_000)

describe('turnkeeper models', () => {
  it('says why no model can be asked, and shows the breakers all the same', () => {
    const problem = 'MODEL_VENDOR names Groq, and GROQ_API_KEY is not set.'
    const text = rendered({ vendor: '', model: '', fallbacks: [], problem })
    expect(text).toContain(`Answers    nobody: ${problem}`)
    expect(text).toContain('openai/api.openai.com/gpt-5.4')
  })

  it('asks the API, and prints tables', async () => {
    const { code, stdout } = await run()
    expect(code).toBe(0)
    expect(stdout).toContain('Answers    openai/gpt-5.4\n')
    expect(stdout).toContain('openai/api.openai.com/gpt-5.4  open ')
  })

  it('prints JSON for scripts', async () => {
    const { code, stdout } = await run('--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(MODELS_OVERVIEW)
  })

  it('shows who is asked next, what is open until when, what is used, and who waits', () => {
    expect(rendered().split('\n')).toEqual([
      'Answers    openai/gpt-5.4',
      'Then       anthropic/claude-sonnet-4-6',
      '',
      'Circuit breakers',
      '  model                          state  since                     next try  last failure',
      '  openai/api.openai.com/gpt-5.4  open   2023-11-14T22:13:20.000Z  in 30 s   model_unavailable',
      '',
      'Rate limits, this minute',
      '  account                       requests  tokens  paused',
      '  openai/api.openai.com (1f0c)  12 of 60',
      '',
      'In this process',
      '  account                       running  waiting',
      '  openai/api.openai.com (1f0c)  2 of 16  3',
    ])
  })

  it('says so where there is nothing to show', () => {
    const none = { fallbacks: [], breakers: [], rates: [], here: [] }
    const text = rendered({ ...none, vendor: 'eliza', model: 'eliza', isBuiltIn: true })
    expect(text).toContain('eliza/eliza, the built-in rules: no model is configured')
    expect(text).toContain('Then       nobody')
    expect(text).toContain('None opened within the last day.')
    expect(text).toContain('No account with a limit was used lately.')
    expect(text).toContain('No model is being called.')
  })

  it('lets no name move the cursor', () => {
    const [breaker] = MODELS_OVERVIEW.breakers
    if (!breaker) throw new Error('There is one.')
    const text = rendered({ breakers: [{ ...breaker, model: 'a\u001b[2Jb\nc' }] })
    expect(text).toContain('a␛[2Jb c  open')
  })
})
