import { expect, it } from '@jest/globals'
import { createClosers } from '../../bin/closers.ts'
import { closeGuarded, filesOfHouse } from '../../bin/guard-plugins.ts'

it('takes the guards away when the plugins have stopped', async () => {
  const closers = createClosers()
  const did: string[] = []
  closeGuarded(
    closers,
    () => did.push('plugins stop'),
    () => async () => void did.push('guards go'),
  )
  await closers.close(() => undefined)
  expect(did).toEqual(['plugins stop', 'guards go'])
})

it('stops the plugins when the guards could not be put up', async () => {
  const closers = createClosers()
  const did: string[] = []
  const failing = () => {
    throw new Error('two houses')
  }
  const close = () => did.push('plugins stop')
  expect(() => closeGuarded(closers, close, failing)).toThrow('two houses')
  await closers.close(() => undefined)
  expect(did).toEqual(['plugins stop'])
})

it('leaves of the data folder only the database open to what works for a plugin', () => {
  expect(filesOfHouse('/nowhere/data').internal).toEqual(['/nowhere/data/pglite'])
})
