import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { modelSettings } from '../../schema/model-settings.ts'
import { nameWarnings, settings } from '../../schema/setting-names.ts'
import { DEV_SERVER_SETTINGS } from '../../temporal/dev-server-flags.ts'
import { interpolations, projectFile, ROOT, readCompose, type Service } from './compose-file.ts'

const { services, volumes } = readCompose()
const named = Object.entries(services)
const OURS = ['migrate', 'api', 'worker']
const JOBS = ['temporal-schema', 'temporal-namespace', 'migrate']

function serviceOf(name: string): Service {
  const found = services[name]
  if (!found) throw new Error(`docker-compose.yml has no service '${name}'.`)
  return found
}

describe('docker-compose.yml', () => {
  it('runs every role, and what the roles need', () => {
    expect(Object.keys(services).sort()).toEqual(
      ['postgres', 'temporal', 'temporal-ui', 'api', 'worker', ...JOBS].sort(),
    )
    for (const role of OURS) expect(serviceOf(role).command).toEqual([role])
  })

  it('runs two workers', () => {
    expect(serviceOf('worker').deploy?.replicas).toBe(2)
  })

  it.each(named)('pins the image of %s to one version', (_name, { image }) => {
    const tag = image.split(':')[1] ?? ''
    expect(tag).toMatch(/^\d+\.\d+\.\d+(-[a-z0-9.-]+)?$/)
  })

  it('keeps the programs of Temporal on one version', () => {
    const tagOf = (name: string) => serviceOf(name).image.split(':')[1]
    expect(tagOf('temporal-schema')).toBe(tagOf('temporal'))
    expect(tagOf('temporal-namespace')).toBe(tagOf('temporal'))
  })

  it('names our image by the version of the package', () => {
    const { version } = JSON.parse(projectFile('package.json'))
    for (const role of OURS) expect(serviceOf(role).image).toBe(`turnkeeper:${version}`)
  })

  it.each(named)('does not run %s as root, nor lets it become root', (_name, service) => {
    expect(service.user).not.toMatch(/^(root|0)(:|$)/)
    expect(service.security_opt).toContain('no-new-privileges:true')
  })

  it.each(OURS)('gives %s no way to change its own files', (role) => {
    expect(serviceOf(role)).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
    expect(serviceOf(role).volumes).toBeUndefined()
  })

  it.each(OURS)('lets %s run what the compiler of Workflows unpacks', (role) => {
    const [, cache = ''] = /SWC_NATIVE_BINDING_CACHE=(\S+)/.exec(projectFile('Dockerfile')) ?? []
    const mount = serviceOf(role).tmpfs?.find((entry) => entry.startsWith(`${cache}:`))
    expect(mount?.split(':')[1]?.split(',')).toEqual(expect.arrayContaining(['exec', 'mode=0700']))
  })

  it('checks the health of everything that stays', () => {
    for (const [name, { healthcheck, restart }] of named) {
      expect([name, 'disable' in healthcheck]).toEqual([name, JOBS.includes(name)])
      expect([name, restart]).toEqual([
        name,
        JOBS.includes(name) ? 'on-failure:5' : 'unless-stopped',
      ])
    }
  })

  it('waits for jobs to be done and for servers to be healthy', () => {
    for (const [name, { depends_on = {} }] of named) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const expected = JOBS.includes(needed)
          ? 'service_completed_successfully'
          : 'service_healthy'
        expect([name, needed, condition]).toEqual([name, needed, expected])
        expect(Object.keys(services)).toContain(needed)
      }
    }
  })

  it.each([
    ['temporal-schema', ['postgres']],
    ['temporal', ['temporal-schema']],
    ['temporal-namespace', ['temporal']],
    ['temporal-ui', ['temporal']],
    ['migrate', ['postgres']],
    ['api', ['migrate', 'temporal-namespace']],
    ['worker', ['migrate', 'temporal-namespace']],
  ])('starts %s after %j', (name, needed) => {
    expect(Object.keys(serviceOf(name).depends_on ?? {}).sort()).toEqual([...needed].sort())
  })

  it('keeps the databases in a named volume', () => {
    const kept = named
      .flatMap(([, service]) => service.volumes ?? [])
      .filter((v) => !v.startsWith('.'))
    expect(kept).toEqual(['postgres-data:/var/lib/postgresql'])
    expect(Object.keys(volumes)).toEqual(['postgres-data'])
  })

  it('mounts files that exist, for reading only', () => {
    const mounts = named
      .flatMap(([, service]) => service.volumes ?? [])
      .filter((v) => v.startsWith('.'))
    expect(mounts).toHaveLength(4)
    for (const mount of mounts) {
      const [file = '', , mode] = mount.split(':')
      expect([file, existsSync(`${ROOT}/${file}`), mode]).toEqual([file, true, 'ro'])
    }
  })

  it('publishes ports on loopback only, and neither database nor Temporal', () => {
    const published = named.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))
    expect(published).toEqual([
      ['temporal-ui', '127.0.0.1:8233:8080'],
      ['api', '127.0.0.1:3000:3000'],
    ])
  })

  it('gives our roles only variables that the configuration knows', () => {
    const known = [...settings, ...modelSettings].map(({ env }) => env)
    for (const role of OURS) {
      const names = Object.keys(serviceOf(role).environment)
      expect(names.filter((name) => !known.includes(name))).toEqual([])
    }
  })

  it('takes nothing from outside that would be reported as a slip when it stands in .env', () => {
    expect(nameWarnings(interpolations().map(({ name }) => name))).toEqual([])
  })

  it('refuses to start without secrets, and says which one is missing', () => {
    const secret = interpolations().filter(({ name }) => /PASSWORD|SALT|TOKEN/.test(name))
    expect(new Set(secret.map(({ name }) => name))).toEqual(
      new Set([
        ...['DB_PASSWORD_ADMIN', 'DB_PASSWORD_TURNKEEPER', 'DB_PASSWORD_TEMPORAL'],
        ...['SECRET_SALT', 'ELIZA_SERVER_AUTH_TOKEN'],
      ]),
    )
    for (const { name, rest } of secret) expect(rest).toMatch(new RegExp(`^:\\?set ${name}`))
  })

  it('gives the token to the api, which others can reach inside the network', () => {
    expect(serviceOf('api').environment).toMatchObject({ SERVER_HOST: '0.0.0.0' })
    expect(serviceOf('api').environment).toHaveProperty('ELIZA_SERVER_AUTH_TOKEN')
  })

  it('is understood by docker compose, where that is installed', () => {
    const secrets = Object.fromEntries(interpolations().map(({ name }) => [name, 'x']))
    const env = { ...process.env, ...secrets }
    const run = (command: string, args: readonly string[]) =>
      spawnSync(command, [...args], { cwd: ROOT, env, encoding: 'utf8' })
    const commands = [['docker', 'compose'], ['docker-compose']].filter(
      ([command = '', ...args]) => run(command, [...args, 'version']).status === 0,
    )
    if (commands.length === 0) {
      process.stdout.write(
        'Note: no docker compose here; docker-compose.yml was only read by tests.\n',
      )
    }
    for (const [command = '', ...args] of commands) {
      const { status, stderr } = run(command, [...args, 'config', '--quiet'])
      expect([command, status, stderr]).toEqual([command, 0, ''])
    }
  })
})

describe('the settings of the Temporal server', () => {
  const settings: Record<string, readonly { value: unknown }[]> = parse(
    projectFile('deploy/temporal/dynamicconfig.yaml'),
  )

  it.each([
    ['history.transferProcessorMaxPollRPS', 200],
    ['frontend.keepAliveTime', '3s'],
    ['frontend.keepAliveTimeout', '2s'],
    ['system.enableActivityEagerExecution', true],
    ['matching.numTaskqueueReadPartitions', 1],
    ['matching.numTaskqueueWritePartitions', 1],
  ])('set %s to %j', (key, value) => {
    expect(settings[key]).toEqual([{ value, constraints: {} }])
  })

  it('are those of the dev server', () => {
    const pairs = DEV_SERVER_SETTINGS.filter((flag) => /^[a-z]+\.\w+=/i.test(flag))
    const flags = pairs.map((pair) => [pair.split('=')[0], JSON.parse(pair.split('=')[1] ?? '')])
    const file = Object.entries(settings).map(([key, [first]]) => [key, first?.value])
    expect(file.sort()).toEqual(flags.sort())
  })

  it('are read by the server', () => {
    const { environment, volumes: mounts } = serviceOf('temporal')
    expect(mounts).toEqual([
      `./deploy/temporal/dynamicconfig.yaml:${environment.DYNAMIC_CONFIG_FILE_PATH}:ro`,
    ])
  })
})
