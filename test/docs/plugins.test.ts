import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { projectFile, ROOT } from '../deploy/compose-file.ts'
import { projectOf } from '../plugins/load/load-in-process.ts'
import { blockAfter } from './markdown.ts'
import { runShell, triedBlocks } from './tried-blocks.ts'

const page = projectFile('docs/plugins.md')
const blocks = triedBlocks(page)

/** It starts the program eight times. */
jest.setTimeout(180_000)

describe('docs/plugins.md, carried out', () => {
  let project: ReturnType<typeof projectOf>
  const tried = new Set<string>()
  const file = (...path: string[]) => join(project.folder, 'plugin-dice', ...path)

  beforeAll(() => {
    project = projectOf({
      turnkeeper: `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/turnkeeper.js' "$@"\n`,
    })
    chmodSync(join(project.folder, 'turnkeeper'), 0o755)
  })
  afterAll(() => project.remove())

  /** In the project's folder, whichever folder the block before went to. */
  async function step(name: string): Promise<void> {
    const block = blocks.find((each) => each.name === name)
    if (!block) throw new Error(`The page has no block '${name}'.`)
    const { folder } = project
    const script = `cd '${folder}'\n${block.script}`
    const env = {
      ...{ PATH: `${folder}:${process.env.PATH}`, HOME: process.env.HOME, NO_COLOR: '1' },
      ...{ TURNKEEPER_DATA_DIR: join(folder, 'data'), TURNKEEPER_API_URL: 'http://127.0.0.1:9' },
    }
    await runShell({ ...block, script }, env)
    tried.add(name)
  }

  it('leads to a plugin with an action and a test of one’s own', async () => {
    await step('create')
    await step('test')
    writeFileSync(file('src/toss-coin.ts'), blockAfter(page, 'file: toss-coin.ts'))
    await step('add')
    const source = readFileSync(file('src/index.ts'), 'utf8')
    const end = source.lastIndexOf('  ],\n})')
    const suite = blockAfter(page, 'file: suite.ts')
    writeFileSync(file('src/index.ts'), source.slice(0, end) + suite + source.slice(end))
    await step('test-again')
  })

  it('installs and removes it', async () => {
    await step('build')
    await step('install')
    await step('remove')
  })

  it('leaves no command untried', () => {
    expect(blocks.map(({ name }) => name)).toEqual([...tried])
  })
})
