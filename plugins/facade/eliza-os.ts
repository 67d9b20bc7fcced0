import { randomUUID } from 'node:crypto'
import type { ElizaMemory } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { Access } from './access.ts'
import type { ElizaOSHandle, HandleOptions } from './message-shapes.ts'

/** What connectors call `runtime.elizaOS`, for this agent. The orchestrator puts one for all in its place. */
export function elizaOSHandle({ agentId, runtime, host }: Access): ElizaOSHandle {
  return {
    getAgent: (id) => (id === agentId ? runtime : undefined),
    async handleMessage(id, message, options = {}) {
      if (id !== agentId) {
        const message = `The agent '${id}' is not in reach of this runtime, which is of '${agentId}'. Send it a message through the API.`
        throw new PluginError('runtime', message)
      }
      const userMessage: ElizaMemory = { ...message, id: message.id ?? randomUUID(), agentId }
      const messageId = userMessage.id ?? ''
      const { onResponse, onError, onComplete } = options
      const work = handled(runtime, userMessage, options)
      if (!onResponse && !onError && !onComplete) {
        return { messageId, userMessage, processing: await work }
      }
      work
        .then(() => onComplete?.())
        .catch((error) => onError?.(error))
        .catch((error) => host.noteFault(undefined, 'handleMessage', error))
      return { messageId, userMessage }
    },
  }
}

function handled(runtime: Access['runtime'], message: ElizaMemory, options: HandleOptions) {
  const { onResponse, onError: _told, onComplete: _also, ...rest } = options
  const { messageService } = runtime
  if (!messageService) {
    throw new PluginError('runtime', `The runtime has no 'messageService': a plugin took it away.`)
  }
  const callback = async (content: Parameters<NonNullable<typeof onResponse>>[0]) => {
    await onResponse?.(content)
    return []
  }
  return messageService.handleMessage(runtime, message, callback, rest)
}
