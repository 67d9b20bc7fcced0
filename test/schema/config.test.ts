import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { ConfigError, loadConfig, sourceOf } from '../../schema/load-config.ts'
import { settings } from '../../schema/setting-names.ts'

const entry = (loaded: ReturnType<typeof loadConfig>, name: string) =>
  loaded.entries.find((each) => each.name === name)

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ env })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the configuration', () => {
  it('has a default for everything that dev needs', () => {
    const { config, warnings } = loadConfig({ env: {} })
    expect(warnings).toEqual([])
    expect(config).toMatchObject({
      serverPort: 3000,
      serverHost: '127.0.0.1',
      dataDir: '.turnkeeper',
      turnDeadlineMs: 300_000,
      httpWaitMs: 60_000,
      graceMs: 10_000,
      drainMs: 10_000,
      maxBodyBytes: 2 * 1024 * 1024,
      logContent: false,
    })
    expect(config.elizaTypingMs).toBeUndefined()
  })

  it('believes a flag before the environment, that before .env, and that before the default', () => {
    const dotenv = 'SERVER_PORT=1\nSERVER_HOST=localhost\nLOG_LEVEL=warn\n'
    const env = { SERVER_PORT: '2', SERVER_HOST: '127.0.0.2' }
    const loaded = loadConfig({ dotenv, env, flags: { port: '3' } })
    expect(loaded.config).toMatchObject({
      serverPort: 3,
      serverHost: '127.0.0.2',
      logLevel: 'warn',
    })
    const sources = ['SERVER_PORT', 'SERVER_HOST', 'LOG_LEVEL', 'CORS_ORIGIN']
    expect(sources.map((name) => sourceOf(loaded, name))).toEqual([
      'flag',
      'environment',
      '.env',
      'default',
    ])
  })

  it('takes an empty value for none', () => {
    const loaded = loadConfig({
      env: { SERVER_PORT: '', LOG_LEVEL: '  ' },
      dotenv: 'SERVER_PORT=4\n',
    })
    expect(loaded.config).toMatchObject({ serverPort: 4, logLevel: 'info' })
  })

  it('reads sizes, lists, levels and truth as people write them', () => {
    const { config } = loadConfig({
      env: {
        EXPRESS_MAX_PAYLOAD: '1.5MB',
        TURNKEEPER_ALLOWED_HOSTS: 'a.example, b.example,',
        LOG_LEVEL: 'Verbose',
        LOG_CONTENT: 'true',
      },
    })
    expect(config).toMatchObject({
      maxBodyBytes: 1.5 * 1024 * 1024,
      allowedHosts: ['a.example', 'b.example'],
      logLevel: 'debug',
      logContent: true,
    })
  })

  it('tells every problem at once, with what was found and what was expected', () => {
    const problems = problemsOf({
      SERVER_PORT: '70000',
      TURNKEEPER_GRACE_MS: '10s',
      OPENAI_BASE_URL: 'localhost:11434',
      SERVER_HOST: '0.0.0.0',
    })
    expect(problems).toEqual([
      "SERVER_PORT is '70000' (environment), expected a whole number from 0 (any free port) to 65535.",
      expect.stringContaining('OPENAI_BASE_URL'),
      expect.stringContaining(
        "TURNKEEPER_GRACE_MS is '10s' (environment), expected whole milliseconds",
      ),
      expect.stringContaining("SERVER_HOST is '0.0.0.0'"),
    ])
  })

  it.each(['0.0.0.0', '::', '192.168.1.5', 'example.org'])(
    'refuses to listen on %s without a token',
    (host) => {
      expect(problemsOf({ SERVER_HOST: host })).toEqual([
        expect.stringContaining('ELIZA_SERVER_AUTH_TOKEN'),
      ])
      expect(problemsOf({ SERVER_HOST: host, ELIZA_SERVER_AUTH_TOKEN: 'x' })).toEqual([])
    },
  )

  it.each(['127.0.0.1', 'localhost', '::1', '127.0.0.5'])(
    'listens on %s without a token',
    (host) => {
      expect(problemsOf({ SERVER_HOST: host })).toEqual([])
    },
  )

  it('wants a SECRET_SALT with POSTGRES_URL, but only where agents run', () => {
    const env = { POSTGRES_URL: 'postgres://localhost/db' }
    expect(problemsOf(env)).toEqual([expect.stringContaining('SECRET_SALT')])
    expect(loadConfig({ env, serves: false }).warnings).toEqual([
      expect.stringContaining('SECRET_SALT'),
    ])
  })

  it('refuses heartbeats that would come too late', () => {
    expect(problemsOf({ TURNKEEPER_HEARTBEAT_THROTTLE_MS: '3000' })).toEqual([
      expect.stringContaining('TURNKEEPER_HEARTBEAT_TIMEOUT_MS (3000)'),
    ])
  })

  it.each([
    ['TURNKEEPER_DATADIR', 'TURNKEEPER_DATA_DIR'],
    ['TURNKEEPER_TURN_DEADLINE', 'TURNKEEPER_TURN_DEADLINE_MS'],
    ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
  ])('takes %s for a slip of %s', (wrong, right) => {
    const { warnings } = loadConfig({ env: { [wrong]: 'x' } })
    expect(warnings).toEqual([
      `${wrong} is not a setting and changes nothing. Did you mean ${right}?`,
    ])
  })

  it('leaves the names of others in peace', () => {
    const env = { TEMPORAL_TLS: 'true', TEMPORAL_GRPC_META_TEAM: 'a', PATH: '/bin', HOME: '/' }
    expect(loadConfig({ env }).warnings).toEqual([])
  })
})

describe('the configuration as it is shown', () => {
  const secrets = {
    OPENAI_API_KEY: 'canary-1',
    ELIZA_SERVER_AUTH_TOKEN: 'canary-2',
    SECRET_SALT: 'canary-3',
    TEMPORAL_API_KEY: 'canary-4',
    TEMPORAL_TLS_CLIENT_KEY_DATA: 'canary-5',
    TEMPORAL_CODEC_AUTH: 'canary-6',
    POSTGRES_URL: 'postgres://me:canary-7@db/x?password=canary-8',
    OPENAI_BASE_URL: 'https://me:canary-9@models.example/v1',
  }

  it('hides every secret and shows where it comes from', () => {
    const loaded = loadConfig({ env: secrets })
    expect(JSON.stringify(loaded.entries)).not.toContain('canary')
    expect(entry(loaded, 'OPENAI_API_KEY')).toMatchObject({
      value: '********',
      source: 'environment',
    })
    expect(entry(loaded, 'POSTGRES_URL')?.value).toContain('me:********@db/x')
  })

  it('hides a secret that cannot be used as well', () => {
    const [problem] = problemsOf({ POSTGRES_URL: 'mysql://me:canary@db/x', SECRET_SALT: 'x' })
    expect(problem).toContain("POSTGRES_URL is 'mysql://me:********@db/x'")
  })

  it('passes every TEMPORAL_* name on', () => {
    const dotenv = 'TEMPORAL_NAMESPACE=ours\nTEMPORAL_TLS_CLIENT_KEY_PATH=/keys/a\n'
    const loaded = loadConfig({ env: { TEMPORAL_ADDRESS: 'a:1' }, dotenv })
    expect(loaded.config.temporalEnv).toEqual({
      TEMPORAL_ADDRESS: 'a:1',
      TEMPORAL_NAMESPACE: 'ours',
      TEMPORAL_TLS_CLIENT_KEY_PATH: '/keys/a',
    })
    expect(entry(loaded, 'TEMPORAL_TLS_CLIENT_KEY_PATH')).toMatchObject({
      value: '/keys/a',
      source: '.env',
    })
  })

  it('says what stands for a value that is not set', () => {
    const loaded = loadConfig({ env: {} })
    expect(entry(loaded, 'SERVER_PORT')).toMatchObject({ value: '3000', source: 'default' })
    expect(entry(loaded, 'POSTGRES_URL')?.value).toBe('(embedded PGlite in the data folder)')
  })
})

describe('.env.example', () => {
  it('names only settings that exist', () => {
    const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
    const names = [...text.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map((match) => match[1])
    const known = settings.map((setting) => setting.env)
    expect(names.length).toBeGreaterThan(5)
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([])
  })
})
