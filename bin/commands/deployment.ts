import { UnavailableError } from '../../agent/errors.ts'
import { UsageError } from '../../cli/arguments.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { printableLine } from '../../cli/printable.ts'
import type { Config } from '../../schema/config.ts'
import { connectTemporal } from '../../temporal/connection.ts'
import {
  type Promotion,
  type PromotionOutcome,
  promote,
  type Rollout,
  reportDeployment,
} from '../../temporal/rollout.ts'
import { renderDeployment } from '../deployment-report.ts'
import { deploymentName } from '../worker-version.ts'

/** Prints the builds of an installation: which one gets new turns, and who still has old ones. */
export async function showDeployment({ config, io }: CommandInput): Promise<number> {
  const report = await withRollout(config, reportDeployment)
  if (!report) {
    io.stderr.write(`${nobodyYet(config)}\n`)
    return EXIT.notFound
  }
  io.stdout.write(`${renderDeployment(report)}\n`)
  return EXIT.ok
}

/** Sends new turns, or a part of them, to a build. */
export async function promoteBuild(input: CommandInput): Promise<number> {
  const { config, values, positionals, io } = input
  const [buildId = ''] = positionals
  const wanted = {
    buildId,
    rampPercent: percentOf(values.ramp),
    isForced: values.force === true,
  }
  const outcome = await withRollout(config, (rollout) => promote(rollout, wanted))
  const { text, exit } = sayOutcome(outcome, wanted, config)
  io[exit === EXIT.ok ? 'stdout' : 'stderr'].write(`${text}\n`)
  return exit
}

const nobodyYet = (config: Config) =>
  `No worker with a build has polled deployment '${printableLine(deploymentName(config))}' yet. ` +
  'Start one with TURNKEEPER_BUILD_ID; the first becomes the current one.'

function percentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^(100|\d{1,2})$/.test(text)) return Number(text)
  throw new UsageError(`--ramp is '${text}', expected whole percents from 0 to 100.`)
}

async function withRollout<T>(config: Config, use: (rollout: Rollout) => Promise<T>): Promise<T> {
  const { client, connection } = await connect(config)
  try {
    return await use({
      client,
      taskQueue: config.taskQueue,
      deploymentName: deploymentName(config),
    })
  } finally {
    await connection.close()
  }
}

async function connect({ temporalEnv, temporalAddress = 'localhost:7233' }: Config) {
  try {
    return await connectTemporal({ env: temporalEnv })
  } catch (cause) {
    const advice = 'Start it, or correct TEMPORAL_ADDRESS.'
    throw new UnavailableError(`Temporal does not answer at '${temporalAddress}'. ${advice}`, {
      cause,
    })
  }
}

interface Said {
  readonly text: string
  readonly exit: number
}

function sayOutcome(outcome: PromotionOutcome, wanted: Promotion, config: Config): Said {
  const build = `build '${printableLine(wanted.buildId)}'`
  switch (outcome.kind) {
    case 'promoted':
      return { text: promoted(wanted), exit: EXIT.ok }
    case 'unknown': {
      const known = outcome.known.map((id) => `'${printableLine(id)}'`).join(', ')
      const text = known
        ? `There is no ${build}; Temporal knows ${known}. Start a worker of it first, or correct the name.`
        : nobodyYet(config)
      return { text, exit: EXIT.notFound }
    }
    case 'unpolled': {
      const text =
        `No worker of ${build} has polled for 75 s: new turns would wait for one. ` +
        'Start its workers first. --force promotes it all the same.'
      return { text, exit: EXIT.failed }
    }
    case 'refused': {
      const reason = printableLine(outcome.reason)
      const text = `Temporal refuses ${build}: ${reason}. See 'turnkeeper deployment show' and try again.`
      return { text, exit: EXIT.failed }
    }
  }
}

function promoted({ buildId, rampPercent }: Promotion): string {
  if (rampPercent === undefined) {
    return `Build '${buildId}' is the current one: turns that start from now on run there, within 5 s also those of busy rooms.`
  }
  return `Build '${buildId}' gets ${rampPercent} % of the new turns. Promote it without --ramp to give it all.`
}
