import { describe, expect, it } from '@jest/globals'
import { workerVersion } from '../../bin/worker-version.ts'
import { ConfigError, loadConfig } from '../../schema/load-config.ts'

const versionIn = (env: Record<string, string>) => workerVersion(loadConfig({ env }).config)

describe('the version of a worker', () => {
  it.each([
    ['is none by default', {}, undefined],
    ['is none where the setting is empty', { TURNKEEPER_BUILD_ID: '' }, undefined],
    [
      'is the build, in the deployment of the task queue',
      { TURNKEEPER_BUILD_ID: 'v1.2+a', TURNKEEPER_TASK_QUEUE: 'two.turns' },
      { buildId: 'v1.2+a', deploymentName: 'two%2Eturns' },
    ],
    [
      'is what the Worker Controller says',
      { TEMPORAL_WORKER_BUILD_ID: 'c1', TEMPORAL_DEPLOYMENT_NAME: 'space/house' },
      { buildId: 'c1', deploymentName: 'space/house' },
    ],
    [
      'is our build before that of the Worker Controller',
      { TURNKEEPER_BUILD_ID: 'v1', TEMPORAL_WORKER_BUILD_ID: 'c1' },
      { buildId: 'v1', deploymentName: 'turnkeeper' },
    ],
  ])('%s', (_, env, version) => {
    expect(versionIn(env as Record<string, string>)).toEqual(version)
  })

  it.each(['__unversioned__', 'two words', "v1'", 'x'.repeat(129)])('cannot be %j', (buildId) => {
    expect(() => versionIn({ TURNKEEPER_BUILD_ID: buildId })).toThrow(ConfigError)
  })
})
