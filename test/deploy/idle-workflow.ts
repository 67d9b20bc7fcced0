/** So that a Worker has something to poll for. */
export async function idleWorkflow(): Promise<void> {}
