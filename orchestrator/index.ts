export type { CreateAgentOptions } from './agent-acts.ts'
export { ElizaOS } from './elizaos.ts'
export type { GivenMessage, HandleOptions, HandleResult, Processing } from './handle-message.ts'
export type { Middleware, MiddlewareContext } from './middleware.ts'
export type {
  AgentPoolConfig,
  ClusterConfig,
  ElizaOSConfig,
  PersistenceConfig,
  ResourceLimits,
  ServerConfig,
} from './options.ts'
export { OrchestratorError } from './orchestrator-error.ts'
export type { AgentInfo, AgentStatus } from './roster.ts'
export type { ElizaOSEvent, ElizaOSEventHandler } from './system-events.ts'
export { ElizaOSEventType } from './system-events.ts'
export type { SystemStatus } from './system-status.ts'
