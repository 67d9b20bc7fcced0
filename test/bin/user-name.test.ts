import { expect, it } from '@jest/globals'
import { userName } from '../../bin/user-name.ts'

it('is the name of the system’s user', () => {
  expect(userName(() => 'sam')).toBe('sam')
})

it('is the command line when the process runs under a number without a name', () => {
  const nameless = () => {
    throw new Error('uv_os_get_passwd returned ENOENT (no such file or directory)')
  }
  expect(userName(nameless)).toBe('cli')
  expect(userName(() => '')).toBe('cli')
})
