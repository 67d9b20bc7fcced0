import { afterAll, describe, expect, it, jest } from '@jest/globals'
import { projectOf } from '../../plugins/load/load-in-process.ts'
import { runTurnkeeper } from '../../support/processes.ts'

/** It starts the program four times, on a machine that may be busy. */
jest.setTimeout(120_000)

const project = projectOf({
  'sky/index.ts': `import assert from 'node:assert/strict'
const test = (name, fn) => ({ name, fn })
export default {
  name: 'sky',
  actions: [{ name: 'LOOK', validate: async () => true, handler: async () => undefined }],
  tests: [
    {
      name: 'live',
      tests: [
        test('has a character and its members', (runtime) => {
          assert.equal(runtime.character.name, 'Tester')
          assert.ok(runtime.actions.some(({ name }) => name === 'LOOK'))
        }),
        test('asks models that nobody pays', async (runtime) => {
          const vector = await runtime.useModel('TEXT_EMBEDDING', { text: 'blue' })
          assert.notEqual(vector[0], 0)
          assert.ok((await runtime.useModel('TEXT_SMALL', { prompt: 'Hello' })).length > 0)
        }),
        test('leaves something in the cache', (runtime) => runtime.setCache('sky', 'blue')),
        test('fails\\u001b[2K', () => assert.equal(1, 2)),
        test('rejects unheard', async () => void Promise.reject(new Error('lost'))),
        test('hangs', () => new Promise(() => undefined)),
      ],
    },
    {
      name: 'fresh',
      tests: [test('finds nothing', async (runtime) => assert.ok(!(await runtime.getCache('sky'))))],
    },
  ],
}
`,
  'mute/index.ts': `export default { name: 'mute', actions: [] }\n`,
})
afterAll(() => project.remove())

const run = (...args: readonly string[]) =>
  runTurnkeeper({ args: ['test', ...args], cwd: project.folder, env: { OPENAI_API_KEY: 'sk-1' } })

describe('turnkeeper test', () => {
  it('gives each suite a live agent of its own, and fails when a test does', async () => {
    const { code, stdout } = await run('sky', '--timeout', '1')
    const marks = stdout.split('\n').flatMap((line) => /^ {2}[✓✗] [^(]*/.exec(line) ?? [])
    expect(marks.map((mark) => mark.trim())).toEqual([
      ...['✓ has a character and its members', '✓ asks models that nobody pays'],
      ...['✓ leaves something in the cache', '✗ fails␛[2K', '✓ rejects unheard', '✗ hangs'],
      '✓ finds nothing',
    ])
    expect(stdout).toContain('It gave nothing within 1000 ms.')
    expect(stdout).toContain('7 tests in 2 suites: 5 passed, 2 failed')
    expect(code).toBe(1)
  })

  it.each([
    [['mute'], 1, "The plugin 'mute' brings no tests"],
    [['./gone'], 1, "'./gone' is not there"],
    [['sky', '--timeout', 'soon'], 2, "--timeout is 'soon'"],
  ])('%j ends with %d', async (args, expected, sentence) => {
    const { code, stderr } = await run(...args)
    expect({ code, said: stderr.includes(sentence) }).toEqual({ code: expected, said: true })
  })
})
