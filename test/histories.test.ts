import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { JsonObject } from '../schema/json.ts'
import type * as Replay from '../workers/replay.ts'
import { replayHistory } from '../workers/replay.ts'
import './support/quiet-runtime.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = new URL('./histories/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))

const textOf = (file: string) => readFileSync(new URL(file, FOLDER), 'utf8')
const historyOf = (file: string): JsonObject => JSON.parse(textOf(file))

/** The text, and what its payloads say. */
function readable(file: string): string {
  const text = textOf(file)
  const payloads = [...text.matchAll(/"data": "([^"]*)"/g)]
  return text + payloads.map(([, data = '']) => Buffer.from(data, 'base64').toString()).join('\n')
}

describe('the recorded histories', () => {
  it('are there for every way a turn can end', () => {
    expect(FILES.map((file) => file.replace('.json', ''))).toEqual(
      expect.arrayContaining([
        'replied',
        'replied-pinned-to-a-build',
        'replied-with-actions-delivery-and-evaluator',
        'ignored',
        'refused',
        'expired',
        'failed',
        'timed-out',
        'cancelled',
        'parked',
        'resumed-after-approval',
      ]),
    )
  })

  it.each(FILES)('go the same way through the code of today: %s', async (file) => {
    const verdict = await replayHistory(historyOf(file), file)
    expect(verdict).toEqual({ deterministic: true })
  })

  it.each(FILES)('name no machine, no process, no path and no text: %s', (file) => {
    expect(readable(file)).not.toMatch(/\d@|stackTrace|node_modules|file:|\/home\/|\.ts\b/)
    expect(readable(file)).not.toMatch(/hello|Sam/)
    const identities = [...textOf(file).matchAll(/"identity": "([^"]*)"/g)].map(([, who]) => who)
    expect(new Set(identities)).toEqual(new Set(['recorder']))
  })
})

describe('a replay of changed Workflow code', () => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'turnkeeper-edited-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  /** The project as it would be after an edit of one line of `turn.ts`. */
  async function edited(name: string, line: string, replacement: string): Promise<typeof Replay> {
    const project = join(folder, name)
    for (const part of ['activities', 'agent', 'schema', 'workers', 'workflows']) {
      cpSync(join(ROOT, part), join(project, part), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'), 'junction')
    const turn = join(project, 'workflows', 'turn.ts')
    const text = readFileSync(turn, 'utf8')
    if (!text.includes(line)) throw new Error(`'${line}' does not stand in turn.ts any more.`)
    writeFileSync(turn, text.replace(line, replacement))
    return import(join(project, 'workers', 'replay.ts'))
  }

  it.each([
    ['left-out', 'await steps.composeState(round, foreignProviders || more === true)', ''],
    ['swapped', 'await steps.decide(round)', 'await steps.runAction(0, "DIM") as never'],
  ])('says that it is not deterministic, and why, when a step is %s', async (...edit) => {
    const { replayHistory } = await edited(...edit)
    expect(await replayHistory(historyOf('replied.json'), 'replied')).toEqual({
      deterministic: false,
      reason: expect.stringMatching(/nondeterminism/i),
    })
  })

  it('finds nothing when only a comment was changed', async () => {
    const comment = '/** One inbound message'
    const { replayHistory } = await edited('commented', comment, '/** One message')
    expect(await replayHistory(historyOf('replied.json'), 'replied')).toEqual({
      deterministic: true,
    })
  })
})
