export interface DevServerPlace {
  readonly ip: string
  readonly port: number
  readonly uiPort: number
  /** Absolute: the next start recognises the process by it. */
  readonly databaseFile: string
}

/**
 * What the dev server is told, with the reason. The namespace `default` is made by the server
 * itself and keeps closed workflows for 24 hours; the dev server has no flag for that.
 */
export const DEV_SERVER_SETTINGS: readonly string[] = [
  ...['--log-level', 'error'],
  // WAL with synchronous=OFF is as fast as memory. What was written survives the death of every
  // process, but not a power cut: the file may then be lost, and the sweeper starts its turns anew.
  ...['--sqlite-pragma', 'journal_mode=WAL'],
  ...['--sqlite-pragma', 'synchronous=OFF'],
  ...['--search-attribute', 'AgentId=Keyword'],
  ...['--search-attribute', 'RoomId=Keyword'],
  // 20 by default, so that every dispatch waits for a tick of 50 ms. 10,000 costs a third of the
  // throughput.
  ...dynamicConfig('history.transferProcessorMaxPollRPS', '200'),
  // One process serves all: more partitions only add hops between them.
  ...dynamicConfig('matching.numTaskqueueReadPartitions', '1'),
  ...dynamicConfig('matching.numTaskqueueWritePartitions', '1'),
  // Off by default below server 1.32.
  ...dynamicConfig('system.enableActivityEagerExecution', 'true'),
  // A paused worker keeps its long polls open and swallows retries until the server notices: 9 s
  // with these two, 20 s without.
  ...dynamicConfig('frontend.keepAliveTime', '"3s"'),
  ...dynamicConfig('frontend.keepAliveTimeout', '"2s"'),
]

export function devServerArgs({ ip, port, uiPort, databaseFile }: DevServerPlace): string[] {
  return [
    ...['server', 'start-dev', '--db-filename', databaseFile],
    ...['--ip', ip, '--port', `${port}`, '--ui-ip', ip, '--ui-port', `${uiPort}`],
    ...DEV_SERVER_SETTINGS,
  ]
}

function dynamicConfig(key: string, json: string): [string, string] {
  return ['--dynamic-config-value', `${key}=${json}`]
}
