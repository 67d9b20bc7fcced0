import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { projectFile } from './compose-file.ts'

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})
const { packages } = lockfile.parse(JSON.parse(projectFile('package-lock.json')))

describe('package-lock.json', () => {
  // npm writes no entry for a platform's package that its registry does not serve, and `npm ci` then
  // refuses the file everywhere.
  it('names the optional packages of every platform, so that npm ci accepts it', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('names no registry', () => {
    const resolved = Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)
    expect(resolved).toEqual([])
  })
})
