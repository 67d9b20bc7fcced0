import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { projectFile, ROOT } from '../deploy/compose-file.ts'
import { endProcesses, startTurnkeeper, type TurnkeeperProcess } from '../support/processes.ts'
import { type Example, examplesOf, isShown } from './markdown.ts'
import { hasTools, runExamples } from './run-examples.ts'

const PAGES = [
  'README.md',
  'docs/api.md',
  'docs/dead-letters.md',
  'docs/limits.md',
  'docs/media.md',
  'docs/budgets.md', // behind dead-letters.md: it leaves one
]
const LIMIT_MS = 90_000

// `curl` is nothing that the project needs: without it there is nobody to type the examples.
const whereTyped = (await hasTools()) ? describe : describe.skip

whereTyped('the examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnkeeper-docs-'))
  const dataDir = join(folder, 'data')
  let dev: TurnkeeperProcess
  let url = ''

  beforeAll(async () => {
    dev = startTurnkeeper({
      args: ['dev', '--no-chat', '--port', '0', '--data-dir', dataDir],
      cwd: folder,
      // As at a terminal: streams have several chunks, and a cancellation comes in time.
      env: { ELIZA_TYPING_MS: '40' },
    })
    const [, address = ''] = await dev.logged(/^API +(http:\S+)$/m)
    url = address
  }, LIMIT_MS)

  afterAll(async () => {
    await dev.end('SIGTERM')
    await endProcesses()
    rmSync(folder, { recursive: true, force: true })
  }, LIMIT_MS)

  it.each(PAGES)(
    'of %s print what the page shows',
    async (page) => {
      const examples = examplesOf(projectFile(page))
      expect(examples.length).toBeGreaterThan(0)
      const env = { ...process.env, TURNKEEPER_DATA_DIR: dataDir, TURNKEEPER_API_URL: url }
      const printed = await runExamples(examples, { cwd: ROOT, url, env })
      expect(examples.flatMap((example, index) => unlike(example, printed[index]))).toEqual([])
    },
    LIMIT_MS,
  )
})

const unlike = ({ script, shows = '…' }: Example, printed: string | undefined): string[] =>
  printed !== undefined && isShown(printed, shows)
    ? []
    : [`${script}\nshows\n${shows}\nand printed\n${printed ?? 'nothing'}`]

describe('an example', () => {
  it('shows an output that differs only where the page has …, and in blanks', () => {
    const shows = '{ "id": "…", "state": "replied" }'
    expect(isShown('{"id":"1","state":"replied"}\n', shows)).toBe(true)
    expect(isShown('{"id":"1","state":"failed"}\n', shows)).toBe(false)
    expect(isShown('{"id":"1","state":"replied"}\nand more', shows)).toBe(false)
  })
})
