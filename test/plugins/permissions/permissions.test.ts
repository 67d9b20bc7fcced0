import { afterEach, describe, expect, it } from '@jest/globals'
import { configuredHosts } from '../../../plugins/permissions/configured-hosts.ts'
import { hostVerdict } from '../../../plugins/permissions/host-verdict.ts'
import {
  createPermissionBook,
  createPermissionGuard,
} from '../../../plugins/permissions/permission-book.ts'
import { type Permissions, resolvePermissions } from '../../../plugins/permissions/permissions.ts'
import { inScope, type MemberScope } from '../../../plugins/scope.ts'

const resolved = (declared: unknown, granted?: unknown, hosts: readonly string[] = []) =>
  resolvePermissions({ plugin: 'acme', declared, granted, configuredHosts: hosts })

describe('what a plugin may reach', () => {
  it('is the public internet when nobody says anything, and nothing of the machine', () => {
    expect(resolved(undefined)).toEqual({
      permissions: {
        ...{ hosts: ['*'], paths: [], tables: ['*'], rooms: 'agent', secrets: ['*'] },
        process: 'shared',
      },
      missing: [],
    })
  })

  it('is made smaller by what its package declares, and not larger', () => {
    const declared = {
      ...{ hosts: ['api.example.com', 'localhost:11434', '10.0.0.1'], paths: ['/srv'] },
      tables: ['facts'],
    }
    const { permissions, missing } = resolved(declared)
    expect(permissions).toMatchObject({ hosts: ['api.example.com'], paths: [], tables: ['facts'] })
    expect(missing).toEqual(['hosts: localhost:11434', 'hosts: 10.0.0.1', 'paths: /srv'])
  })

  it('is what the character grants, member by member', () => {
    const granted = { hosts: ['localhost:11434'], paths: ['/srv'] }
    const { permissions, missing } = resolved({ hosts: ['a.example'], rooms: 'turn' }, granted)
    expect(permissions).toMatchObject({ ...granted, rooms: 'turn' })
    expect(missing).toEqual([])
  })

  it('holds the hosts that settings name, private ones too', () => {
    const hosts = configuredHosts({
      settings: {
        ...{ OPENAI_BASE_URL: 'http://localhost:1234/v1', name: 'x' },
        secrets: { HOOK: 'https://hooks.example' },
      },
      environment: (name) => ({ WEATHER_URL: 'http://10.1.1.1', VAULT: 'http://vault:8200' })[name],
      names: ['WEATHER_URL'],
    })
    expect(hosts).toEqual(['localhost:1234', 'hooks.example:443', '10.1.1.1:80'])
    expect(resolved(undefined, undefined, hosts).permissions.hosts).toEqual(['*', ...hosts])
  })

  it('is nothing but the grant in a process of its own', () => {
    const granted = { process: 'isolated', secrets: ['CITY'] }
    expect(resolved({ hosts: ['a.example'] }, granted, ['b.example:443']).permissions).toEqual({
      ...{ hosts: [], paths: [], tables: ['*'], rooms: 'turn', secrets: ['CITY'] },
      process: 'isolated',
    })
  })

  it.each([
    [{ hosts: 'all' }, /settings\.pluginPermissions\.acme cannot be read at 'hosts'/],
    [{ files: [] }, /cannot be read .*files/],
  ])('is refused by name when %j grants it', (granted, reason) => {
    expect(() => resolved(undefined, granted)).toThrow(reason)
  })
})

describe('a host', () => {
  it.each([
    [['*'], 'https://example.com/', 'public'],
    [['*.example.com'], 'https://a.example.com/', 'public'],
    [['*.example.com'], 'https://example.com/', 'refused'],
    [['*.example.com'], 'https://evilexample.com/', 'refused'],
    [['localhost:1234'], 'http://localhost:1234/', 'named'],
    [['localhost:1234'], 'http://localhost:5432/', 'refused'],
    [['localhost'], 'http://LOCALHOST.:5432/', 'named'],
    [['127.0.0.1'], 'http://2130706433/', 'named'],
    [['::1'], 'http://[::1]:80/', 'named'],
    [['api.example.com:443'], 'https://api.example.com/', 'named'],
    [[], 'https://example.com/', 'refused'],
  ])('with %j is, at %s, %s', (hosts, url, verdict) => {
    expect(hostVerdict(hosts, new URL(url))).toBe(verdict)
  })
})

describe('the guard of the façade', () => {
  const book = createPermissionBook()
  const guard = createPermissionGuard(book)
  const scope: MemberScope = {
    ...{ agentId: 'agent', plugin: 'acme', member: 'action GREET' },
    state: 'open',
  }
  const permit = (some: Partial<Permissions>) =>
    book.set('agent', 'acme', {
      permissions: { ...resolved(undefined).permissions, ...some },
      folder: null,
    })
  afterEach(() => book.delete('agent'))

  it('lets our own code do everything', () => {
    guard.table('messages')
    guard.room('room')
    expect(guard.maySeeSetting('KEY')).toBe(true)
  })

  it('refuses tables, rooms and hosts by name, and hides settings', async () => {
    permit({ tables: ['facts'], rooms: 'turn', secrets: ['ACME_*'], hosts: [] })
    await inScope(scope, () => {
      guard.table('facts')
      expect(() => guard.table('messages')).toThrow(
        "The plugin 'acme' (action GREET) may not use the table 'messages'. If it shall, add it to " +
          "settings.pluginPermissions['acme'].tables of the character.",
      )
      expect(() => guard.room('other')).toThrow(/may not reach the room 'other': only that of the/)
      expect(() => guard.host(new URL('https://a.example'))).toThrow(/the host 'a.example'/)
      expect([guard.maySeeSetting('ACME_KEY'), guard.maySeeSetting('KEY')]).toEqual([true, false])
    })
  })

  it('lets a plugin that nobody wrote down do nothing', async () => {
    await inScope(scope, () => expect(() => guard.table('facts')).toThrow(/may not use/))
  })
})
