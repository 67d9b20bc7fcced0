import { describe, expect, it } from '@jest/globals'
import type { Logger as SdkLogger } from '@temporalio/common'
import { createLogger } from '../../observability/log.ts'
import { temporalLogger } from '../../observability/temporal-log.ts'

function capture() {
  const written: string[] = []
  const sink = { write: (line: string) => written.push(line) }
  const logger = createLogger({
    level: 'trace',
    pretty: false,
    logContent: false,
    secrets: [],
    sink,
  })
  // Typed as the SDK's: it must fit `Runtime.install`.
  const sdk: SdkLogger = temporalLogger(logger)
  return { sdk, lines: () => written.map((line) => JSON.parse(line)) }
}

describe("Temporal's lines in our log", () => {
  it('keep their level when they come from Workflows and Activities', () => {
    const { sdk, lines } = capture()
    sdk.trace('a')
    sdk.debug('b')
    sdk.info('c', { sdkComponent: 'activity' })
    sdk.warn('d')
    sdk.error('e')
    sdk.log('WARN', 'f')
    expect(lines().map(({ level, msg }) => `${msg} ${level}`)).toEqual([
      ...['a trace', 'b debug', 'c info', 'd warn', 'e error', 'f warn'],
    ])
  })

  it("are debug when they tell the SDK's own routine", () => {
    const { sdk, lines } = capture()
    sdk.info('Worker state changed', { sdkComponent: 'worker', state: 'RUNNING' })
    sdk.info('Workflow bundle created', { size: '1.2MB' })
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'debug', state: 'RUNNING' }),
      expect.objectContaining({ level: 'debug', size: '1.2MB' }),
    ])
  })

  it('carry the id of the turn, and not what is the same on every line', () => {
    const { sdk, lines } = capture()
    sdk.warn('Activity failed', {
      ...{ sdkComponent: 'worker', namespace: 'default', taskQueue: 'q', taskToken: 'AAA' },
      ...{ workflowId: 'turn:6a1c:2', activityType: 'decide', attempt: 3 },
      [Symbol('timestamp')]: 1n,
      error: Object.assign(new Error('fenced'), { headers: 'x' }),
    })
    const [line] = lines()
    expect(line).toMatchObject({
      ...{ component: 'temporal', turnId: '6a1c', gen: 2, activityType: 'decide', attempt: 3 },
      err: { message: 'fenced' },
    })
    expect(Object.keys(line)).not.toEqual(expect.arrayContaining(['namespace']))
    expect(line).not.toHaveProperty('taskToken')
    expect(line.err).not.toHaveProperty('headers')
  })
})
