import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { main } from '../../bin/cli.ts'
import { parseCharacter } from '../../schema/character.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { fakePipe } from '../support/fake-io.ts'
import { type ServedApi, serveApi } from '../support/served-api.ts'

let dataDir: string
let api: ServedApi
let agentId: string

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-cli-'))
  const fake = createFakeApi()
  agentId = (await fake.deps.agents.create(parseCharacter({ name: 'Ada', bio: 'x' }, 'a test'))).id
  api = await serveApi(fake.deps)
})

afterEach(async () => {
  await api.stop()
  rmSync(dataDir, { recursive: true })
})

async function run(...argv: string[]) {
  const { io, seen } = fakePipe()
  const env = { TURNKEEPER_DATA_DIR: dataDir, TURNKEEPER_API_URL: api.url }
  const code = await main(['spending', ...argv], { ...io, env })
  return { code, ...seen }
}

describe('turnkeeper spending', () => {
  it('shows groups, their sum and the budgets of the only agent', async () => {
    const { code, stdout } = await run('--by', 'model')
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(1)).toEqual([
      '  model    calls  tokens in  cached  tokens out     cost',
      '  a model      3      1,200   1,000          34  $0.2500',
      '  in all       3      1,200   1,000          34  $0.2500',
      '  1 cut off and 0 unknown: estimated.',
      '  1 of unknown cost: not in the sum.',
      '',
      'Budgets',
      '  $1.0000 per agent and day, anew at 2027-01-15 08:00',
      `    ${agentId}  $0.2500 (25 %)`,
      '',
    ])
  })

  it('asks for as many days as it is told, today included', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const { stdout } = await run('--agent', 'ada', '--days', '1')
    expect(stdout).toContain(`Spending of ${agentId} from ${today} to ${today} (UTC)`)
  })

  it('prints JSON for scripts', async () => {
    expect(JSON.parse((await run('--json')).stdout)).toMatchObject({ agentId, groupBy: 'day' })
  })

  it.each([
    [['--agent', 'Bob'], 4, "No agent is called 'Bob'"],
    [['--days', 'all'], 2, '--days'],
    [['--by', 'week'], 1, 'day, model, room, user'],
  ])('says what is wrong with %j', async (argv, code, words) => {
    const seen = await run(...argv)
    expect(seen.code).toBe(code)
    expect(seen.stderr).toContain(words)
  })
})
