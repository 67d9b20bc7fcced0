import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { ConfigError, loadConfig, sourceOf } from '../../schema/load-config.ts'
import { MODEL_PURPOSES, TEXT_PURPOSES } from '../../schema/model-purposes.ts'
import { modelKeys, modelSettings } from '../../schema/model-settings.ts'
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

  it('reads hosts as a URL has them', () => {
    const written = 'CDN.Example, files.internal. ,[::1],0:0:0:0:0:0:0:2,010.0.0.1,Bücher.example'
    const { config } = loadConfig({ env: { TURNKEEPER_MEDIA_HOSTS: written } })
    expect(config.mediaHosts).toEqual([
      ...['cdn.example', 'files.internal', '::1', '::2', '8.0.0.1', 'xn--bcher-kva.example'],
    ])
    expect(loadConfig({ env: {} }).config.mediaHosts).toEqual([])
  })

  it.each([
    'files.internal:9000',
    'https://files.internal',
    '[::1]:80',
    'a b',
    'user@files.internal',
  ])('refuses what is no host: %s', (written) => {
    expect(problemsOf({ TURNKEEPER_MEDIA_HOSTS: `ok.example,${written}` })).toEqual([
      expect.stringContaining('expected host names or IP addresses without ports'),
    ])
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
      expect.stringContaining(
        "TURNKEEPER_GRACE_MS is '10s' (environment), expected whole milliseconds",
      ),
      expect.stringContaining("OPENAI_BASE_URL is 'localhost:11434'"),
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

  it.each([
    ['OPENAI_LARGE_MODLE', 'OPENAI_LARGE_MODEL'],
    ['ANTHROPIC_APIKEY', 'ANTHROPIC_API_KEY'],
    ['GEMINI_APIKEY', 'GEMINI_API_KEY'],
    ['TEXT_LARGE_TEMPERATUR', 'TEXT_LARGE_TEMPERATURE'],
    ['TURNKEEPER_MODEL_PRICE', 'TURNKEEPER_MODEL_PRICES'],
  ])('takes %s for a slip of %s', (wrong, right) => {
    expect(loadConfig({ env: { [wrong]: 'x' } }).warnings).toEqual([
      `${wrong} is not a setting and changes nothing. Did you mean ${right}?`,
    ])
  })

  it('leaves the names of the vendors’ own programs in peace', () => {
    const env = { OPENAI_ORG_ID: 'x', OLLAMA_HOST: 'x', OLLAMA_MODELS: 'x', OLLAMA_DEBUG: '1' }
    expect(loadConfig({ env }).warnings).toEqual([])
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

describe('the settings of models', () => {
  it('are kept by their names, as they are written but for spaces around them', () => {
    const dotenv = 'ANTHROPIC_API_KEY=sk-ant-1\nTEXT_LARGE_TEMPERATURE=0.2\n'
    const env = { GOOGLE_API_KEY: ' key\n', OPENAI_API_KEY: '', PATH: '/bin' }
    expect(loadConfig({ env, dotenv }).config.modelSettings).toEqual({
      ...{ ANTHROPIC_API_KEY: 'sk-ant-1', TEXT_LARGE_TEMPERATURE: '0.2', GOOGLE_API_KEY: 'key' },
    })
  })

  it.each([
    ['TEXT_LARGE_TEMPERATURE', 'warm', 'a number from 0 to 2'],
    ['DEFAULT_TOP_P', '2', 'a number from 0 to 1'],
    ['MODEL_MAX_TOKEN', '1.5', 'a whole number from 1'],
    ['ANTHROPIC_REQUESTS_PER_MINUTE', '0', 'a whole number from 1'],
    ['GROQ_BASE_URL', 'api.groq.com', 'an address that starts with http:// or https://'],
    ['MODEL_VENDOR', 'acme', 'a vendor'],
    ['TURNKEEPER_MODEL_FALLBACKS', 'openai,acme', 'a list of'],
  ])('are refused at the start when they cannot be used: %s', (name, value, expected) => {
    expect(problemsOf({ [name]: value })).toEqual([
      expect.stringContaining(`${name} is '${value}' (environment), expected ${expected}`),
    ])
  })

  it('are shown when they are set, keys as asterisks', () => {
    const env = { GEMINI_API_KEY: 'canary', GROQ_TTS_VOICE: 'daniel' }
    const loaded = loadConfig({ env })
    expect(JSON.stringify(loaded.entries)).not.toContain('canary')
    expect(entry(loaded, 'GEMINI_API_KEY')).toMatchObject({ value: '********', isSecret: true })
    expect(entry(loaded, 'GROQ_TTS_VOICE')).toMatchObject({ value: 'daniel' })
    expect(entry(loaded, 'XAI_TTS_VOICE')).toBeUndefined()
    expect(entry(loaded, 'ANTHROPIC_API_KEY')).toMatchObject({ source: 'default' })
    expect(modelKeys(loaded.config.modelSettings)).toEqual(['canary'])
  })

  it('know every type of model that the agents know', () => {
    const names = modelSettings.map((setting) => setting.env)
    for (const purpose of MODEL_PURPOSES) expect(names).toContain(`${purpose}_VENDOR`)
    for (const purpose of TEXT_PURPOSES) expect(names).toContain(`${purpose}_TEMPERATURE`)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('.env.example', () => {
  it('names only settings that exist', () => {
    const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
    const names = [...text.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map((match) => match[1])
    const known = [...settings, ...modelSettings].map((setting) => setting.env)
    expect(names.length).toBeGreaterThan(5)
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([])
  })
})
