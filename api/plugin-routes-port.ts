import type { IncomingMessage, ServerResponse } from 'node:http'

/** Routes of the plugins of agents that run. */
export interface PluginRoutesPort {
  /**
   * Cheap for what no plugin could answer. Undefined: no plugin has such a route.
   * @throws {NotFoundError} the agent that is asked for is unknown. @throws {ConflictError} it is stopped.
   */
  find(request: RouteQuestion): Promise<FoundRoute | undefined>
}

export interface RouteQuestion {
  readonly method: string
  /** Begins with the plugin's name: `/knowledge/documents`. */
  readonly path: string
  /** From the path or the query. Without it, the first agent with such a route is meant. */
  readonly agentId?: string
  /** Of somebody without the token: public routes of agents that run already, and nothing is started. */
  readonly isAnonymous?: boolean
}

export interface FoundRoute {
  readonly agentId: string
  /** It answers without the server's token. */
  readonly isPublic: boolean
  /** Of the path's placeholders. */
  readonly params: Readonly<Record<string, string>>
  /** Of a STATIC route: the folder or file that it serves. */
  readonly staticFile?: string
  /**
   * Calls the handler, isolated and named in errors; it may return before the response is complete.
   * @throws what the handler throws, as a `PluginError`
   */
  run(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** For errors and logs: `POST /knowledge/documents`. */
  readonly label: string
}
