import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { APIError } from 'openai'
import { createLogger, type LoggerOptions, turnLogger } from '../../observability/log.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function capture(options: Partial<LoggerOptions> = {}) {
  const written: string[] = []
  const logger = createLogger({
    ...{ level: 'info', pretty: false, logContent: false, secrets: [] },
    sink: { write: (line) => written.push(line) },
    ...options,
  })
  return { logger, text: () => written.join(''), lines: () => written.map((it) => JSON.parse(it)) }
}

describe('a log without a terminal', () => {
  it('is one JSON object per line, with level and time in words', () => {
    const { logger, text, lines } = capture()
    logger.info({ port: 3000 }, 'The API\nlistens.')
    expect(text()).toMatch(/^[^\n]+\n$/)
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'info', port: 3000, msg: 'The API\nlistens.' }),
    ])
    expect(new Date(lines()[0].time).getTime()).toBeGreaterThan(Date.now() - 60_000)
  })

  it('says nothing below its level', () => {
    const { logger, text } = capture({ level: 'warn' })
    logger.info('quiet')
    expect(text()).toBe('')
  })

  it('goes to stderr, down to the last line before the process exits', async () => {
    const script = `
      import { createLogger } from './observability/log.ts'
      const logger = createLogger({ level: 'info', pretty: process.argv[1] === 'pretty', logContent: false, secrets: [] })
      for (let line = 1; line <= 2000; line += 1) logger.info('line ' + line)
      process.exit(0)`
    for (const form of ['json', 'pretty']) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, form], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      const [stdout, stderr] = await output
      expect(stdout).toBe('')
      expect(stderr.trimEnd().split('\n')).toHaveLength(2000)
      expect(stderr).toContain('line 2000')
    }
  })
})

describe('a log on a terminal', () => {
  it('is readable, and redacted all the same', () => {
    const { logger, text } = capture({ pretty: true, secrets: ['hunter22'] })
    logger.warn({ room: 'r', content: 'private words' }, 'The password is hunter22.')
    expect(text()).toMatch(/WARN.*The password is \[redacted\]\./)
    expect(text()).not.toContain('{"')
    expect(text()).not.toContain('private words')
  })
})

describe('a line of a turn', () => {
  it('carries turn, room and agent, also from a child', () => {
    const { logger, lines } = capture()
    const ids = { turnId: 't', roomId: 'r', agentId: 'a' }
    const turn = turnLogger(logger, ids)
    turn.info('admitted')
    turn.child({ step: 'decide' }).error(new Error('no'), 'failed')
    expect(lines()).toEqual([
      expect.objectContaining(ids),
      expect.objectContaining({ ...ids, step: 'decide' }),
    ])
  })

  it('has no text of messages, at any depth, unless that is turned on', () => {
    const silent = capture()
    const open = capture({ logContent: true })
    for (const { logger } of [silent, open]) {
      logger.info({ content: 'dear diary' }, 'a')
      logger.info({ memory: { id: 'm', content: { text: 'dear diary' } } }, 'b')
      logger.child({ content: 'dear diary' }).info('c')
    }
    expect(silent.text()).not.toContain('dear diary')
    expect(silent.lines()[1]).toMatchObject({ memory: { id: 'm' } })
    expect(open.text().match(/dear diary/g)).toHaveLength(3)
  })
})

describe('secrets in a log', () => {
  const SECRET = 'p"ss\nword/é'

  it('are hidden in messages, fields, keys, bindings and stacks', () => {
    const { logger, text } = capture({ secrets: [SECRET] })
    logger.info(`in ${SECRET} message`)
    logger.info({ deep: [{ [SECRET]: `x${SECRET}y` }] }, 'fields')
    logger.child({ bound: SECRET }).info('bindings')
    logger.error(new Error(`thrown ${SECRET}`, { cause: new Error(SECRET) }))
    logger.info({ url: `http://host/?key=${encodeURIComponent(SECRET)}` }, 'address')
    logger.info('interpolated %s', SECRET)
    expect(text()).not.toContain('word/')
    expect(text()).not.toContain(encodeURIComponent(SECRET))
    expect(text().match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(9)
  })

  it('are hidden from the moment they become known, in children made before', () => {
    const { logger, text } = capture()
    const child = turnLogger(logger, { turnId: 't', roomId: 'r', agentId: 'a' })
    logger.addSecrets(['bot-token-7', ''])
    child.info('has bot-token-7')
    expect(text()).toContain('has [redacted]')
  })

  it.each([
    ['key sk-proj-abcDEF0123_456789 refused', 'key [redacted] refused'],
    ['line\nsk-ant-api03-abcdefgh', 'line\n[redacted]'],
    ['Authorization: Bearer eyJhbGciOi.x.y==', 'Authorization: Bearer [redacted]'],
    ['at postgres://user:p@ss/word@db:5432/app', 'at postgres://[redacted]@db:5432/app'],
    ['at https://me:secret@host/a', 'at https://[redacted]@host/a'],
  ])('are recognised by their looks: %j', (message, expected) => {
    const { logger, lines } = capture()
    logger.info(message)
    expect(lines()[0].msg).toBe(expected)
  })

  it('are hidden by the name of their field', () => {
    const { logger, text } = capture()
    logger.info(
      { headers: { Authorization: 'Basic abc', 'x-api-key': 'abc' }, password: 'abc' },
      '',
    )
    expect(text()).not.toContain('abc')
  })

  it.each([
    'The task-runner of http://localhost:3000/agents/me@home is at risk-assessment.',
    'turn 0196b2c4-3c5a-7000-8000-000000000000 took 12 ms',
    'gen 1.1.0',
  ])('are not seen where there are none: %s', (message) => {
    const { logger, lines } = capture()
    logger.info(message)
    expect(lines()[0].msg).toBe(message)
  })
})

describe('an error in a log', () => {
  const body = { message: 'refused', prompt: 'dear diary' }
  const apiError = () =>
    APIError.generate(401, { error: body }, undefined, new Headers({ 'x-session': 'dear diary' }))

  it('keeps what helps and leaves out headers and bodies, wherever it stands', () => {
    const { logger, text, lines } = capture()
    logger.error(apiError(), 'direct')
    logger.error({ err: apiError() }, 'as err')
    logger.error({ reason: apiError(), list: [{ inner: apiError() }] }, 'elsewhere')
    logger.error(new Error('wrapped', { cause: apiError() }), 'as a cause')
    logger.child({ last: apiError() }).child({ inner: apiError() }).error('bound')
    expect(text()).not.toContain('dear diary')
    expect(lines()[0].err).toMatchObject({
      type: 'AuthenticationError',
      status: 401,
      stack: expect.stringContaining('401'),
    })
    expect(lines()[2]).toMatchObject({
      reason: { status: 401 },
      list: [{ inner: { status: 401 } }],
    })
    expect(lines()[3].err).toMatchObject({ message: 'wrapped', cause: { status: 401 } })
  })

  it('shows the parts of an aggregate and the codes of system calls', () => {
    const { logger, lines } = capture()
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    logger.error(new AggregateError([refused], 'all failed'))
    expect(lines()[0].err).toMatchObject({ errors: [{ code: 'ECONNREFUSED' }] })
  })

  it('does not fail on circles', () => {
    const { logger, lines } = capture()
    const circle: Record<string, unknown> = { name: 'round' }
    circle.self = circle
    const error = new Error('round')
    error.cause = error
    logger.error({ circle, err: error }, 'still written')
    expect(lines()[0]).toMatchObject({ msg: 'still written', circle: { name: 'round' } })
  })
})
