import { DefaultLogger, Runtime } from '@temporalio/worker'

// The SDK would write each failed attempt of an activity to the test's output.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
})
