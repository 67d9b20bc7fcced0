/**
 * Runs the compatibility suite: real packages of ElizaOS, as npm installed them beside this file.
 * The last line is `N passed, N failed`.
 */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const only = process.argv.slice(2)
const files = globSync('*.compat.ts', { cwd: import.meta.dirname })
  .filter((file) => only.length === 0 || only.some((name) => file.startsWith(name)))
  .map((file) => join(import.meta.dirname, file))
  .sort()

let passed = 0
let failed = 0
const events = run({ files, concurrency: 2, timeout: 240_000 })
events.on('test:pass', ({ details }) => {
  if (details.type !== 'suite') passed += 1
})
events.on('test:fail', ({ details }) => {
  // A suite fails with its tests; alone when it could not be set up.
  const { type, error } = details
  const isOfTests = 'failureType' in error && error.failureType === 'subtestsFailed'
  if (type !== 'suite' || !isOfTests) failed += 1
})
const shown = events.compose(new spec())
shown.pipe(process.stdout, { end: false })
await finished(shown)
if (files.length === 0) failed += 1
process.stdout.write(`\n${passed} passed, ${failed} failed\n`, () =>
  process.exit(failed === 0 ? 0 : 1),
)
