import type { z } from '@hono/zod-openapi'
import type { pluginPanel, pluginView } from '../schema/plugins-api.ts'

export type PluginView = z.output<typeof pluginView>
export type PluginPanel = z.output<typeof pluginPanel>

/** The plugins of an agent, as this process has loaded them. */
export interface PluginsPort {
  /** Also where a required one failed. @throws {NotFoundError} @throws {ConflictError} the agent is stopped */
  list(agentId: string): Promise<readonly PluginView[]>
  /** Public GET routes that have a name: pages for the agent's owner. @throws {NotFoundError} @throws {RequiredPluginError} */
  panels(agentId: string): Promise<readonly PluginPanel[]>
}
