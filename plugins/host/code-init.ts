import { PluginError } from '../plugin-error.ts'
import type { HostedAgent } from '../plugin-host.ts'
import type { AgentHost } from './agent-host.ts'
import type { PluginHostInput } from './host-input.ts'
import type { Verdict } from './load-plugins.ts'
import { reasonOf } from './reason.ts'
import { bareScopeOf } from './turn-scope.ts'

/** What a project's own `init` is called where plugins are named. */
const PROJECT = 'project'

/**
 * ElizaOS's `init(runtime)` of a project's agent, behind plugins and services. One that fails leaves the
 * agent as it is, and is told of like a plugin.
 */
export async function initFromCode(
  { permit, log }: Pick<PluginHostInput, 'permit' | 'log'>,
  hosted: HostedAgent,
  {
    isolation,
    members,
    ports,
    runtime,
  }: Pick<AgentHost, 'isolation' | 'members' | 'ports' | 'runtime'>,
): Promise<Verdict | undefined> {
  const { id: agentId, character, code } = hosted
  const init = code?.init
  if (!init) return undefined
  try {
    permit?.(hosted, { plugin: { name: PROJECT }, version: null, folder: null })
    const scope = (_: AbortSignal, member: string) =>
      bareScopeOf({ agentId, plugin: PROJECT, member })
    await isolation.run({ plugin: PROJECT, kind: 'init', name: '', scope }, () => init(runtime))
    members.adopt(PROJECT)
    return undefined
  } catch (error) {
    members.adopt(PROJECT)
    const cause = error instanceof PluginError ? error.cause : error
    const reason = `The init of '${character.name}' in its file failed: ${reasonOf(cause, ports.redact)}`
    log.warn({ agentId, reason }, 'The agent starts without what its init does.')
    return { asked: PROJECT, name: PROJECT, version: null, state: 'failed', reason }
  }
}
