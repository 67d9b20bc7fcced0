import { setTimeout as delay } from 'node:timers/promises'
import { type Client, isGrpcServiceError } from '@temporalio/client'
import {
  deploymentNameOf,
  isPolled,
  isSameVersion,
  type Routing,
  readRouting,
  versionOf,
} from './deployment.ts'
import { describeDeployment, GRPC_FAILED_PRECONDITION } from './first-build.ts'

/** Where an operator rolls out: one installation. */
export interface Rollout {
  readonly client: Client
  readonly taskQueue: string
  /** @default the one of the Task Queue */
  readonly deploymentName?: string
}

export type BuildState = 'current' | 'ramping' | 'draining' | 'drained' | 'inactive'

/** One build, as an operator sees it. */
export interface BuildReport {
  readonly buildId: string
  readonly state: BuildState
  /** Of the new turns; 0 when it is not ramping. */
  readonly rampPercent: number
  /** That polled within the last 75 s. */
  readonly workers: number
  /** Pinned to it and open, a second late; undefined when the server cannot count. */
  readonly openTurns: number | undefined
}

export interface DeploymentReport {
  readonly deploymentName: string
  readonly taskQueue: string
  readonly builds: readonly BuildReport[]
  /** Workers without a build. */
  readonly unversionedWorkers: number
  /** No build is the current one: turns go to Workers without a build. */
  readonly isUnversioned: boolean
}

export const nameOf = ({ deploymentName, taskQueue }: Rollout): string =>
  deploymentName ?? deploymentNameOf(taskQueue)

/** Undefined when no Worker with a build ever polled. */
export async function reportDeployment(rollout: Rollout): Promise<DeploymentReport | undefined> {
  const { client, taskQueue } = rollout
  const deploymentName = nameOf(rollout)
  const [found, routing] = await Promise.all([
    describeDeployment(client, deploymentName),
    readRouting(client, taskQueue),
  ])
  const info = found?.workerDeploymentInfo
  if (!info) return undefined
  const { routingConfig, versionSummaries = [] } = info
  const ramp = {
    buildId: versionOf(routingConfig?.rampingDeploymentVersion)?.buildId,
    percent: routingConfig?.rampingVersionPercentage ?? 0,
  }
  const builds = (versionSummaries ?? []).map(async (summary) => {
    const version = versionOf(summary.deploymentVersion) ?? { deploymentName, buildId: '' }
    return {
      buildId: version.buildId,
      state: STATES[Number(summary.status)] ?? 'inactive',
      rampPercent: ramp.buildId === version.buildId ? ramp.percent : 0,
      workers: workersOf(routing, version),
      openTurns: await countOpen(client, version),
    }
  })
  return {
    deploymentName,
    taskQueue,
    builds: await Promise.all(builds),
    unversionedWorkers: workersOf(routing, undefined),
    isUnversioned: !versionOf(routingConfig?.currentDeploymentVersion),
  }
}

/** By the number of `temporal.api.enums.v1.WorkerDeploymentVersionStatus`. */
const STATES: Readonly<Record<number, BuildState>> = {
  1: 'inactive',
  2: 'current',
  3: 'ramping',
  4: 'draining',
  5: 'drained',
}

type Version = Parameters<typeof isPolled>[1]

/** A process counts once, however many polls it has open. */
const workersOf = ({ pollers }: Routing, version: Version | undefined): number =>
  new Set(
    pollers
      .filter((poller) => isSameVersion(poller.version, version))
      .map(({ identity }) => identity),
  ).size

async function countOpen(client: Client, version: Version): Promise<number | undefined> {
  const name = `${version.deploymentName}:${version.buildId}`.replaceAll("'", "''")
  const query = `TemporalWorkerDeploymentVersion = '${name}' AND ExecutionStatus = 'Running'`
  const found = await client.workflow.count(query).catch(() => undefined)
  return found?.count
}

export interface Promotion {
  readonly buildId: string
  /** Only this part of the new turns; undefined makes the build the current one. */
  readonly rampPercent?: number
  /** Also without a Worker that polls. */
  readonly isForced: boolean
}

/** `refused`: the server does not want it, in its own words. */
export type PromotionOutcome =
  | { readonly kind: 'promoted' }
  | { readonly kind: 'unknown'; readonly known: readonly string[] }
  | { readonly kind: 'unpolled' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Sends new turns to a build. Running ones stay where they are. */
export async function promote(rollout: Rollout, wanted: Promotion): Promise<PromotionOutcome> {
  const { client, taskQueue } = rollout
  const { buildId, rampPercent, isForced } = wanted
  const deploymentName = nameOf(rollout)
  const { namespace, identity } = client.options
  const found = await describeDeployment(client, deploymentName)
  const summaries = found?.workerDeploymentInfo?.versionSummaries ?? []
  const known = summaries.flatMap((one) => versionOf(one.deploymentVersion)?.buildId ?? [])
  if (!found || !known.includes(buildId)) return { kind: 'unknown', known }
  // The server itself lets a build through whose Workers are gone.
  const isServed = isPolled(await readRouting(client, taskQueue), { deploymentName, buildId })
  if (!isServed && !isForced) return { kind: 'unpolled' }
  const { conflictToken } = found
  const choice = { namespace, deploymentName, buildId, conflictToken, identity }
  const forced = { ignoreMissingTaskQueues: isForced, allowNoPollers: isForced }
  const { workflowService: service } = client
  try {
    if (rampPercent === undefined) {
      await service.setWorkerDeploymentCurrentVersion({ ...choice, ...forced })
      if (isServed) await routed(rollout, buildId)
    } else {
      const percentage = rampPercent
      await service.setWorkerDeploymentRampingVersion({ ...choice, ...forced, percentage })
    }
    return { kind: 'promoted' }
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === GRPC_FAILED_PRECONDITION) {
      return { kind: 'refused', reason: error.message }
    }
    throw error
  }
}

const ROUTED_MS = 10_000
const LOOK_MS = 50

/** The choice reaches the Task Queue a moment later. A server that takes long gets there all the same. */
async function routed({ client, taskQueue }: Rollout, buildId: string): Promise<void> {
  const until = performance.now() + ROUTED_MS
  const isThere = async () => (await readRouting(client, taskQueue)).current?.buildId === buildId
  while (!(await isThere()) && performance.now() < until) await delay(LOOK_MS)
}
