import { printableLine } from '../cli/printable.ts'
import type { BuildReport, DeploymentReport } from '../temporal/rollout.ts'

/** The builds of an installation as a table, and below it what an operator should do. */
export function renderDeployment(report: DeploymentReport): string {
  const { deploymentName, taskQueue, builds } = report
  const rows = builds.map(rowOf)
  const advice = [...adviceOnAll(report), ...builds.flatMap(adviceOn)]
  return [
    `Deployment ${printableLine(deploymentName)}, task queue ${printableLine(taskQueue)}`,
    '',
    ...aligned([['BUILD', 'STATE', 'WORKERS', 'OPEN TURNS'], ...rows]),
    ...(advice.length > 0 ? ['', ...advice] : []),
  ].join('\n')
}

const rowOf = (build: BuildReport): readonly string[] => [
  printableLine(build.buildId),
  build.state === 'ramping' ? `ramping, ${build.rampPercent} %` : build.state,
  String(build.workers),
  build.openTurns === undefined ? 'unknown' : String(build.openTurns),
]

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widthOf(column)))
      .join('  ')
      .trimEnd(),
  )
}

function adviceOnAll({ isUnversioned, unversionedWorkers, builds }: DeploymentReport): string[] {
  if (isUnversioned) {
    return [
      `No build is the current one: new turns go to workers without TURNKEEPER_BUILD_ID, of which ${unversionedWorkers} poll. ` +
        "'turnkeeper deployment promote <build>' chooses one.",
    ]
  }
  if (unversionedWorkers === 0) return []
  const current = builds.find(({ state }) => state === 'current')?.buildId ?? ''
  return [
    `${unversionedWorkers} workers without TURNKEEPER_BUILD_ID poll and get nothing while '${printableLine(current)}' is the current build.`,
  ]
}

function adviceOn({ buildId, state, workers, openTurns }: BuildReport): string[] {
  const name = `'${printableLine(buildId)}'`
  if (state === 'current' || state === 'ramping') {
    return workers > 0 ? [] : [`${name} gets new turns and has no worker: they wait. Start one.`]
  }
  if (state === 'inactive' || (workers === 0 && openTurns === 0)) return []
  if (openTurns === 0) return [`${name} has no open turns: its workers can be stopped.`]
  if (workers > 0) return [`${name} still has open turns: let its workers run until it has none.`]
  return [
    `${name} has open turns and no worker: they go on at the current build about two minutes after its last worker was seen.`,
  ]
}
