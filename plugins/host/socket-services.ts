/** Who holds an agent's sockets: one process of all. Asked only for plugins whose services hold some. */
export interface SocketGateway {
  /** From now on until it leaves; each is called again whenever that changes. @returns whether it holds them */
  join(
    agentId: string,
    seat: { onHeld(): Promise<void>; onLost(): Promise<void> },
  ): Promise<boolean>
  leave(agentId: string): Promise<void>
  holds(agentId: string): boolean
}

export interface SocketServices<One> {
  /** Starts its services, now or when this process holds the agent's sockets. */
  add(one: One): Promise<void>
  /** Asks for the sockets, if anything was added. */
  join(): Promise<void>
  leave(): Promise<void>
}

export interface SocketServicesInput<One> {
  /** Without it each process holds its own sockets. */
  readonly gateway: SocketGateway | undefined
  readonly agentId: string
  start(one: One): Promise<void>
  stop(one: One): Promise<void>
  onFailure(error: unknown): void
}

/** Services with sockets, which run in one process at a time. */
export function createSocketServices<One>(input: SocketServicesInput<One>): SocketServices<One> {
  const { gateway, agentId } = input
  const added: One[] = []
  let hasJoined = false
  const each = async (ones: readonly One[], work: (one: One) => Promise<void>) => {
    for (const one of ones) await work(one)
  }
  const join = async () => {
    if (!gateway || hasJoined || added.length === 0) return
    hasJoined = true
    try {
      await gateway.join(agentId, {
        onHeld: () => each(added, input.start),
        onLost: () => each(added.toReversed(), input.stop),
      })
    } catch (error) {
      input.onFailure(error) // it is asked for again every few seconds
    }
  }
  return {
    join,
    async add(one) {
      if (!gateway) return input.start(one)
      added.push(one)
      if (hasJoined && gateway.holds(agentId)) await input.start(one)
    },
    async leave() {
      if (gateway && hasJoined) await gateway.leave(agentId)
    },
  }
}
