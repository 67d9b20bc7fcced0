import { expect, it } from '@jest/globals'
import { permitPlugin } from '../../bin/plugin-grants.ts'
import { createPermissionBook } from '../../plugins/permissions/permission-book.ts'
import type { LoadedPlugin } from '../../plugins/plugin-host.ts'

const quiet = () => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

function permit(loaded: Partial<LoadedPlugin>) {
  const settings = { pluginPermissions: { weather: { process: 'isolated' } } }
  const hosted = { id: 'agent', character: { name: 'Ada', bio: 'x' }, version: 1, settings }
  const book = createPermissionBook()
  const plugin = { plugin: { name: 'weather' }, version: null, folder: null, ...loaded }
  permitPlugin({ book, log, environment: quiet }, hosted, plugin)
  return book.knows('agent')
}

it('starts no plugin in this process that was granted one of its own by another name', () => {
  expect(() => permit({})).toThrow(/'weather' is granted a process of its own/)
  expect(permit({ isIsolated: true })).toBe(true)
})
