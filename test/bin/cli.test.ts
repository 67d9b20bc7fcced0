import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { main } from '../../bin/cli.ts'
import { parseCharacter } from '../../schema/character.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { fakePipe } from '../support/fake-io.ts'
import { type ServedApi, serveApi } from '../support/served-api.ts'

let dataDir: string
const served: ServedApi[] = []
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-cli-'))
})
afterEach(async () => {
  for (const api of served.splice(0)) await api.stop()
  rmSync(dataDir, { recursive: true })
})

async function run(line: string, env: Record<string, string> = {}) {
  const { io, seen } = fakePipe()
  const host = { ...io, env: { TURNKEEPER_DATA_DIR: dataDir, ...env } }
  const code = await main(line.split(' '), host)
  return { code, ...seen }
}

async function apiWithTurn(settings: Parameters<typeof createFakeApi>[0] = {}) {
  const fake = createFakeApi(settings)
  const { id } = await fake.deps.agents.create(
    parseCharacter({ name: 'Ada', bio: ['x'] }, 'a test'),
  )
  const { turns } = await fake.deps.messages.accept({
    channelId: '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a11',
    authorId: '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a12',
    content: 'Hi',
    sourceType: 'test',
    rawMessage: {},
    metadata: {},
    isDirect: true,
  })
  const turnId = turns[0]?.turnId ?? ''
  const api = await serveApi(fake.deps)
  served.push(api)
  return { fake, url: api.url, turnId, agentId: id }
}

describe('turnkeeper', () => {
  it('ends with 2 and a hint for what it does not understand', async () => {
    const { code, stderr, stdout } = await run('doctr')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe("turnkeeper: There is no command 'doctr'. Did you mean 'doctor'?\n")
  })

  it('ends with 2 for a configuration that cannot be used, before anything is tried', async () => {
    const { code, stderr } = await run('dev --port abc', { SERVER_HOST: '0.0.0.0' })
    expect(code).toBe(2)
    expect(stderr).toContain("SERVER_PORT is 'abc' (flag)")
    expect(stderr).toContain("SERVER_HOST is '0.0.0.0'")
  })

  it('prints help and version with 0', async () => {
    expect((await run('--help')).stdout).toContain('Commands:')
    expect((await run('chat --help')).stdout).toContain('Usage: turnkeeper chat [flags]')
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('shows the configuration with sources and without secrets', async () => {
    const env = { OPENAI_API_KEY: 'canary', TURNKEEPER_DRAIN: '3' }
    const { code, stdout, stderr } = await run('config --port 4000', env)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^SERVER_PORT +flag +4000$/m)
    expect(stdout).toMatch(/^OPENAI_API_KEY +environment +\*{8}$/m)
    expect(stdout).not.toContain('canary')
    expect(stderr).toContain('TURNKEEPER_DRAIN is not a setting')
  })

  it('shows the configuration as JSON', async () => {
    const { entries } = JSON.parse((await run('config --json')).stdout)
    expect(entries).toContainEqual(expect.objectContaining({ name: 'SERVER_PORT', value: '3000' }))
  })

  it('ends with 3 when the API is not there', async () => {
    const { code, stderr } = await run('turn show x --api-url http://127.0.0.1:9')
    expect(code).toBe(3)
    expect(stderr).toContain('The API at http://127.0.0.1:9 does not answer')
  })

  it('shows a turn, and finds the API where the running dev says it is', async () => {
    const { turnId, url } = await apiWithTurn()
    writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ url, pid: process.pid }))
    const { code, stdout } = await run(`turn show ${turnId}`)
    expect(code).toBe(0)
    expect(stdout).toContain(`Turn ${turnId}  queued`)
    expect(JSON.parse((await run(`turn show ${turnId} --json`)).stdout)).toMatchObject({ turnId })
  })

  it.each([
    ['', 'retract'],
    [' --keep', 'keep'],
  ])('cancels a turn, and says what became of its messages: turn cancel%s', async (flag, told) => {
    const { fake, turnId, url } = await apiWithTurn()
    const asked: string[] = []
    const { cancel, result } = fake.deps.turns
    fake.deps.turns.cancel = async (id, partial) => {
      asked.push(partial)
      return { ...(await cancel(id, partial)), delivery: { retracted: 2, sending: 1, sent: 3 } }
    }
    const line = `turn cancel ${turnId}${flag} --api-url ${url}`
    const { code, stdout } = await run(line)
    expect({ code, asked }).toEqual({ code: 0, asked: [told] })
    expect(stdout).toBe(`${turnId}  cancelled\nIts outbox: 2 taken back, 1 being sent, 3 sent\n`)
    expect(JSON.parse((await run(`${line} --json`)).stdout)).toMatchObject({ state: 'cancelled' })
    fake.deps.turns.cancel = async (id) => ({ ...(await result(id)), state: 'running' })
    expect((await run(line)).stdout).toContain('  running\nIt was told to stop.')
    const unknown = '00000000-0000-4000-8000-000000000000'
    fake.deps.turns.cancel = cancel
    expect((await run(`turn cancel ${unknown} --api-url ${url}`)).code).toBe(4)
  })

  it('does not believe the record of a dev that is gone', async () => {
    const { turnId, url } = await apiWithTurn()
    writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ url, pid: 2 ** 22 + 1 }))
    expect((await run(`turn show ${turnId} --port 9`)).code).toBe(3)
  })

  it('ends with 4 for a turn that does not exist', async () => {
    const { url } = await apiWithTurn()
    const unknown = '00000000-0000-4000-8000-000000000000'
    const { code, stderr } = await run(`turn show ${unknown} --api-url ${url}`)
    expect(code).toBe(4)
    expect(stderr).toContain(`No turn has the id '${unknown}'`)
  })

  it('sends its key, and says what to do when it has none', async () => {
    const { url, turnId } = await apiWithTurn({ authToken: 'sesame' })
    const without = await run(`turn show ${turnId} --api-url ${url}`)
    expect(without.code).toBe(1)
    expect(without.stderr).toContain('Set ELIZA_SERVER_AUTH_TOKEN')
    const env = { ELIZA_SERVER_AUTH_TOKEN: 'sesame' }
    expect((await run(`turn show ${turnId} --api-url ${url}`, env)).code).toBe(0)
  })

  it('ends with 4 when the agent to chat with does not exist', async () => {
    const { url } = await apiWithTurn()
    const { code, stderr } = await run(`chat --api-url ${url} --agent Adda`)
    expect(code).toBe(4)
    expect(stderr).toContain("No agent is called 'Adda'. Did you mean 'Ada'?")
  })
})

describe('turnkeeper doctor', () => {
  const findings = async (env: Record<string, string>) => {
    const { code, stdout } = await run('doctor --json --port 0', env)
    const all: { name: string; state: string; message: string; advice?: string }[] =
      JSON.parse(stdout).findings
    return { code, of: (name: string) => all.find((finding) => finding.name === name) }
  }

  it('finds nothing wrong on a machine that can run dev', async () => {
    const { code, of } = await findings({})
    expect(code).toBe(0)
    expect(of('data folder')).toMatchObject({ state: 'ok' })
    expect(of('model')).toMatchObject({ state: 'warn', advice: expect.any(String) })
  })

  it('ends with 1 and advice when Postgres does not answer', async () => {
    const { code, of } = await findings({ POSTGRES_URL: 'postgres://127.0.0.1:9/x' })
    expect(code).toBe(1)
    expect(of('database')).toMatchObject({ state: 'fail', advice: expect.any(String) })
    expect(of('settings')).toMatchObject({ state: 'warn' })
  })

  it('says which process works in the data folder', async () => {
    writeFileSync(join(dataDir, 'holder.json'), JSON.stringify({ pid: process.pid, since: '' }))
    expect((await findings({})).of('data folder')?.message).toContain(
      `process ${process.pid} works`,
    )
  })

  it('ends with 1 when the data folder cannot be made', async () => {
    writeFileSync(join(dataDir, 'file'), '')
    const { code, of } = await findings({ TURNKEEPER_DATA_DIR: join(dataDir, 'file', 'below') })
    expect(code).toBe(1)
    expect(of('data folder')).toMatchObject({ state: 'fail' })
  })
})
