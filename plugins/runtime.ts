/**
 * ElizaOS's IAgentRuntime as plugins see it (elizaos.md 5.5): one per agent and process, plain members,
 * unfrozen. Its members find their turn through `scope.ts`.
 */
export interface Runtime {
  readonly agentId: string
  [member: string]: unknown
}
