import { apiAddress } from '../../cli/api-address.ts'
import { runChat } from '../../cli/chat.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'

/** Talks to an agent of a running API. */
export async function run({ config, values, io }: CommandInput): Promise<number> {
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  process.once('SIGTERM', leave)
  try {
    await runChat({
      ...apiAddress(config),
      dataDir: config.dataDir,
      agentName: values.agent,
      io,
      signal: leaving.signal,
    })
    return EXIT.ok
  } finally {
    process.off('SIGTERM', leave)
  }
}
