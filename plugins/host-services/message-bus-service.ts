/**
 * The service of ElizaOS's server by which bootstrap says that an action begins and ends. Our clients
 * hear that from the turn's own stream, so there is nothing left to tell.
 */
export const createMessageBusService = () => ({
  capabilityDescription: 'Tells clients what the agent does: they follow the stream of its turns',
  config: {},
  async notifyActionStart(): Promise<void> {},
  async notifyActionUpdate(): Promise<void> {},
  async stop(): Promise<void> {},
})
