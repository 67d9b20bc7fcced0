import { expect, it } from '@jest/globals'
import { createLogger } from '../../plugins/facade/logger.ts'
import { createLogLimit } from '../../plugins/log-limit.ts'
import { inScope } from '../../plugins/scope.ts'
import { AGENT_ID, fakeRuntimeHost } from '../support/fake-runtime-host.ts'

const within = (plugin: string, work: () => void) =>
  inScope({ agentId: AGENT_ID, plugin, member: 'service', state: 'open' }, work)

it('lets a plugin write a hundred lines a minute, then says how many were left out', async () => {
  let now = 0
  const { log, logged } = fakeRuntimeHost()
  const host = { agentId: AGENT_ID, log }
  const logger = createLogger(
    host,
    {},
    createLogLimit(() => now),
  )
  const write = (count: number) => () => {
    for (let n = 0; n < count; n += 1) logger.child({ n }).info('line')
  }
  await within('loud', write(130))
  await within('quiet', write(1))
  expect(logged).toHaveLength(101)
  now = 60_000
  await within('loud', write(1))
  expect(logged.slice(101).map(({ message }) => message)).toEqual([
    expect.stringContaining("'loud' wrote more than 100 lines in a minute: 30 were left out"),
    'line',
  ])
})

it('cuts lines', async () => {
  const { log, logged } = fakeRuntimeHost()
  await within('loud', () => createLogger({ agentId: AGENT_ID, log }).warn('x'.repeat(5_000)))
  expect(logged[0]?.message).toHaveLength(1_000)
})
