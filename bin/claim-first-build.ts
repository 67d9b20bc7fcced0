import type { Client } from '@temporalio/client'
import type { Logger } from '../observability/log.ts'
import type { Config } from '../schema/config.ts'
import { becomeFirstBuild } from '../temporal/first-build.ts'
import { workerVersion } from './worker-version.ts'

/**
 * On a new server no build is the current one, and turns would wait for an operator: the first Worker
 * with a build makes its own the current one, beside its work.
 */
export function claimFirstBuild(
  client: Client,
  { config, log }: { config: Config; log: Logger },
): { stop(): Promise<void> } {
  const version = workerVersion(config)
  // A pod of the Temporal Worker Controller, which has no setting of ours, is promoted by it.
  if (!version || config.buildId === undefined) return { stop: async () => undefined }
  const controller = new AbortController()
  let hasComplained = false
  const onError = (err: unknown) => {
    if (!hasComplained)
      log.warn({ err, ...version }, 'The current build cannot be seen or set yet.')
    hasComplained = true
  }
  const { signal } = controller
  const claiming = becomeFirstBuild(client, version, { signal, onError }).then((outcome) => {
    if (outcome === 'became-current') log.info(version, 'The first build is now the current one.')
  })
  return {
    stop: async () => {
      controller.abort()
      await claiming
    },
  }
}
