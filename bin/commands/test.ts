import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../../cli/arguments.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { renderResult, renderSummary } from '../../cli/plugin-view.ts'
import { printableLine } from '../../cli/printable.ts'
import { createLogger, type RootLogger } from '../../observability/log.ts'
import { createPluginSource } from '../../plugins/load/plugin-source.ts'
import {
  runSuites,
  suitesOf,
  TEST_LIMIT_MS,
  type TestResult,
} from '../../plugins/load/run-suites.ts'
import type { LoadedPlugin } from '../../plugins/plugin-host.ts'
import type { Config } from '../../schema/config.ts'
import { modelKeys } from '../../schema/model-settings.ts'

/** Runs the tests of a plugin: of the folder that is named, or of this one. */
export async function run(input: CommandInput): Promise<number> {
  const { config, values, positionals, io } = input
  const limitMs = limitOf(values.timeout)
  const logger = createLogger({
    ...{
      level: logLevelOf(config),
      pretty: io.stderr.isTTY === true,
      logContent: config.logContent,
    },
    secrets: modelKeys(config.modelSettings),
  })
  const [loaded, ...needed] = await loadTested(positionals[0] ?? '.', config, logger)
  const { name } = loaded.plugin
  io.stdout.write(`${printableLine([name, loaded.version ?? ''].join(' ').trim())}\n`)
  if (suitesOf(loaded.plugin).length === 0) {
    io.stderr.write(
      `turnkeeper: The plugin '${name}' brings no tests: give it tests: [{ name, tests: [{ name, fn }] }].\n`,
    )
    return EXIT.failed
  }
  // A second of work, which nobody needs for a plugin that cannot be read.
  const { openTestHouse } = await import('../test-house.ts')
  const house = await openTestHouse(config, logger, [loaded, ...needed])
  const { openTestAgent } = house
  const onResult = resultPrinter(io)
  const running = runSuites({ loaded, openTestAgent, limitMs, onResult })
  const results = await running.finally(() => house.close())
  io.stdout.write(`${renderSummary(results)}\n`)
  return results.some(({ error }) => error !== undefined) ? EXIT.failed : EXIT.ok
}

/** What is usual elsewhere would bury the results. */
const logLevelOf = ({ logLevel }: Config): Config['logLevel'] =>
  logLevel === 'info' ? 'warn' : logLevel

/** The plugin, and those that only its tests need. */
async function loadTested(
  typed: string,
  { dataDir }: Config,
  { redact }: RootLogger,
): Promise<readonly [LoadedPlugin, ...LoadedPlugin[]]> {
  const path = resolve(typed)
  const source = createPluginSource({
    ...{ projectFolder: process.cwd(), dataFolder: resolve(dataDir), redact },
    characterFolders: () => [path], // whoever types the command may name any
  })
  const loaded = await source.load(existsSync(path) ? path : typed)
  const { testDependencies = [] } = loaded.plugin
  return [loaded, ...(await Promise.all(testDependencies.map((name) => source.load(name))))]
}

/** The suite's name stands before its first test. */
function resultPrinter({ stdout, hasColor }: CommandInput['io']): (result: TestResult) => void {
  const paint = createPaint(hasColor)
  let shown: string | undefined
  return (result) => {
    if (result.suite !== shown) stdout.write(`${paint.name(printableLine(result.suite))}\n`)
    shown = result.suite
    stdout.write(`${renderResult(result, paint)}\n`)
  }
}

function limitOf(typed: string | undefined): number {
  if (typed === undefined) return TEST_LIMIT_MS
  const seconds = Number(typed)
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= 3600) return seconds * 1000
  throw new UsageError(`--timeout is '${typed}': give seconds from above 0 to 3600.`)
}
