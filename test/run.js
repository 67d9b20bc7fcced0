import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/**
 * `npm test`: lint, types, Jest, then a look for processes that the tests left behind. Everything
 * runs whatever failed before. Arguments go to Jest only. The last line is `N passed, N failed`.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Jest has written its results and still runs: something in a test keeps it alive. */
const JEST_EXIT_MS = 20_000

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const BIOME = ['node_modules/@biomejs/biome/bin/biome', 'check', '.']
const TYPES = ['node_modules/typescript/bin/tsc', '--noEmit']
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
]

async function main(jestArguments) {
  if (!process.features.typescript) {
    say(`The tests need the Node that npm installs, this is ${process.version}: use 'npm test'.`)
    return { passed: 0, failed: 1 }
  }
  const { endAll, leftBehind, RUN_VARIABLE } = await import('./left-behind.ts')
  const lint = await check('lint', BIOME)
  const types = await check('types', TYPES)
  const runId = randomUUID()
  const tests = await runJest(jestArguments, { ...process.env, [RUN_VARIABLE]: runId })
  const clean = await lookForProcesses(() => leftBehind(runId), endAll)
  return [lint, types, tests, clean].reduce((sum, { passed, failed }) => ({
    passed: sum.passed + passed,
    failed: sum.failed + failed,
  }))
}

async function check(name, command) {
  say(`\n${name}:`)
  const code = await run(command).exit
  if (code !== 0) say(`${name} failed: '${command.slice(1).join(' ')}' ended with ${code}.`)
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

async function runJest(jestArguments, env) {
  say('\ntests:')
  const folder = mkdtempSync(join(tmpdir(), 'turnkeeper-jest-'))
  const results = join(folder, 'results.json')
  try {
    const command = [...JEST, '--json', `--outputFile=${results}`, ...jestArguments]
    const jest = run(command, env)
    const code = await Promise.race([jest.exit, hangsAfter(results)])
    if (code === 'hangs') jest.child.kill('SIGKILL')
    return count(code, existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function hangsAfter(file) {
  while (!existsSync(file)) await pause(250, undefined, { ref: false })
  await pause(JEST_EXIT_MS, undefined, { ref: false })
  return 'hangs'
}

/** A suite that could not run holds an unknown number of tests: it counts as one failure. */
function count(code, results) {
  if (results === undefined) {
    say(`Jest ended with ${code} and without results.`)
    return { passed: 0, failed: 1 }
  }
  const left = results.numPendingTests + results.numTodoTests
  if (left > 0) say(`Skipped, and counted neither as passed nor as failed: ${left}.`)
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
  if (code !== 'hangs') {
    // Jest may also fail as a whole (no test found, a teardown that threw).
    return { passed: results.numPassedTests, failed: code === 0 ? failed : Math.max(failed, 1) }
  }
  say(`Jest did not end within ${JEST_EXIT_MS} ms of its last test: a test left something open.`)
  return { passed: results.numPassedTests, failed: failed + 1 }
}

async function lookForProcesses(find, endAll) {
  if (process.platform !== 'linux') {
    say(`Not checked on ${process.platform}: whether the tests left processes behind.`)
    return { passed: 0, failed: 0 }
  }
  const processes = await find()
  for (const { pid, command } of processes) say(`Left behind by the tests: ${pid} ${command}`)
  await endAll(processes)
  return { passed: 0, failed: processes.length > 0 ? 1 : 0 }
}

/** Passes signals on instead of dying from them, so that what the tests started is still looked for. */
function run(command, env = process.env) {
  const child = spawn(process.execPath, command, { cwd: ROOT, env, stdio: 'inherit' })
  const forward = (signal) => child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, forward)
  const exit = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward)
      resolve(code ?? signal)
    })
  })
  return { child, exit }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

const { passed, failed } = await main(process.argv.slice(2))
process.exitCode = failed > 0 ? 1 : 0
say(`\n${passed} passed, ${failed} failed`)
