import { describe, expect, it } from '@jest/globals'
import { renderDeployment } from '../../bin/deployment-report.ts'
import type { BuildReport, DeploymentReport } from '../../temporal/rollout.ts'

const build = (buildId: string, more: Partial<BuildReport> = {}): BuildReport => ({
  ...{ buildId, state: 'current', rampPercent: 0, workers: 2, openTurns: 3 },
  ...more,
})

const shown = (builds: readonly BuildReport[], more: Partial<DeploymentReport> = {}) =>
  renderDeployment({
    ...{ deploymentName: 'house', taskQueue: 'turns', builds, unversionedWorkers: 0 },
    isUnversioned: false,
    ...more,
  })

/** Below the table. */
const advice = (...given: Parameters<typeof shown>) => shown(...given).split('\n\n')[2]

describe('the report on a deployment, as it is printed', () => {
  it('has a line per build, and no advice when all is well', () => {
    const ramping = build('v2', { state: 'ramping', rampPercent: 10, openTurns: undefined })
    expect(shown([ramping, build('v1')])).toBe(
      [
        'Deployment house, task queue turns',
        '',
        'BUILD  STATE          WORKERS  OPEN TURNS',
        'v2     ramping, 10 %  2        unknown',
        'v1     current        2        3',
      ].join('\n'),
    )
  })

  it.each<[string, Partial<BuildReport>, RegExp]>([
    ['still has turns', { state: 'draining' }, /'v1' still has open turns: let its workers run/],
    ['cannot be counted', { state: 'draining', openTurns: undefined }, /let its workers run/],
    ['has none left', { state: 'draining', openTurns: 0 }, /'v1' has no open turns: .* stopped/],
    ['was left', { state: 'drained', workers: 0 }, /no worker: they go on at the current build/],
    ['gets turns that nobody takes', { workers: 0 }, /'v1' gets new turns and has no worker/],
  ])('says what to do about a build that %s', (_, more, words) => {
    expect(advice([build('v1', more)])).toMatch(words)
  })

  it('says nothing about a build that is over, or has not begun', () => {
    const over = build('v0', { state: 'drained', workers: 0, openTurns: 0 })
    expect(advice([build('v1'), over, build('v2', { state: 'inactive' })])).toBeUndefined()
  })

  it('tells that turns pass the builds by, or pass others by', () => {
    expect(advice([build('v1', { state: 'inactive' })], { isUnversioned: true })).toMatch(
      /No build is the current one: .* of which 0 poll/,
    )
    expect(advice([build('v1')], { unversionedWorkers: 2 })).toMatch(/2 workers .* get nothing/)
  })

  it('shows a name that would move the cursor as text', () => {
    expect(shown([build('v\u001b[2J')])).not.toContain('\u001b')
  })
})
