import { mkdirSync, mkdtempSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { watchCharacters } from '../../bin/watch-characters.ts'
import { eventually } from '../support/eventually.ts'

let folder: string
let file: string
const ends: (() => void)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnkeeper-watch-'))
  file = join(folder, 'ada.json')
  writeFileSync(file, '{}')
})
afterEach(() => {
  for (const end of ends.splice(0)) end()
  rmSync(folder, { recursive: true })
})

/** How often what stands there was read anew. */
function watched(paths: readonly string[], work: () => Promise<void> = async () => undefined) {
  const seen = { changes: 0 }
  const end = watchCharacters(paths, () => {
    seen.changes += 1
    return work()
  })
  ends.push(end)
  return Object.assign(seen, { end })
}

type Seen = ReturnType<typeof watched>

async function heard(seen: Seen, change: () => void) {
  const before = seen.changes
  change()
  await eventually(() => seen.changes > before)
}

it('a character file that is written, or replaced as editors do, is read anew', async () => {
  const seen = watched([file])
  await heard(seen, () => writeFileSync(file, '{"name":"Ada"}'))
  await heard(seen, () => {
    writeFileSync(join(folder, 'draft'), '{"name":"Bob"}')
    renameSync(join(folder, 'draft'), file)
  })
})

it('a folder is watched with what is below it, a path that does not exist is not', async () => {
  mkdirSync(join(folder, 'src'))
  const seen = watched([join(folder, 'none'), folder])
  await heard(seen, () => writeFileSync(join(folder, 'src', 'index.ts'), 'changed'))
})

it.each(['notes.txt', 'project/node_modules/index.js', 'project/.swap'])(
  'a change of %s is none',
  async (name) => {
    const project = join(folder, 'project')
    mkdirSync(join(project, 'node_modules'), { recursive: true })
    writeFileSync(join(folder, name), 'x')
    const seen = watched([file, project])
    // Begun later: when it has heard the change, the first one would have.
    await heard(watched([join(folder, name)]), () => writeFileSync(join(folder, name), 'changed'))
    expect(seen.changes).toBe(0)
    await heard(seen, () => writeFileSync(file, 'changed'))
  },
)

it('it is never read twice at the same time, and a change meanwhile is not lost', async () => {
  const gate = Promise.withResolvers<void>()
  const running = { now: 0, most: 0 }
  const seen = watched([file], async () => {
    running.now += 1
    running.most = Math.max(running.most, running.now)
    await gate.promise
    running.now -= 1
  })
  await heard(seen, () => writeFileSync(file, 'changed'))
  await heard(watched([file]), () => writeFileSync(file, 'meanwhile'))
  gate.resolve()
  await eventually(() => seen.changes > 1)
  expect(running.most).toBe(1)
})

it('a watch that has ended reads nothing more, also of a change just before', async () => {
  const seen = watched([file])
  const other = watched([file])
  const raw = watch(folder)
  const arrived = new Promise((resolve) => raw.once('change', resolve))
  await heard(other, () => {
    writeFileSync(file, 'changed')
    // Heard by all, and read by nobody yet.
    void arrived.then(() => seen.end())
  })
  raw.close()
  expect(seen.changes).toBe(0)
})
