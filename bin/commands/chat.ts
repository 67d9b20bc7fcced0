import { apiAddress } from '../../cli/api-address.ts'
import { runChat } from '../../cli/chat.ts'
import { NoAgentError } from '../../cli/chat-session.ts'
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
  } catch (error) {
    if (!(error instanceof NoAgentError)) throw error
    io.stderr.write(`turnkeeper: ${error.message}\n`)
    return EXIT.notFound
  } finally {
    process.off('SIGTERM', leave)
  }
}
