import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Connection } from '@temporalio/client'

const POLL_MS = 25
/** Of one gRPC call to a server that accepted the connection. */
const CALL_MS = 2_000

export interface Patience {
  readonly limitMs: number
  /** While false, the address is not asked: another server may be the one that answers there. */
  readonly hasStarted?: () => boolean
  /** Ends the wait early, such as when the server's process has ended. */
  readonly isHopeless?: () => boolean
}

/** Whether the frontend at `address` answers for the namespace `default` within the limit. */
export async function serverAnswers(address: string, patience: Patience): Promise<boolean> {
  const end = Date.now() + patience.limitMs
  while (Date.now() < end && !patience.isHopeless?.()) {
    const hasStarted = patience.hasStarted?.() ?? true
    if (hasStarted && (await answersOnce(address))) return true
    await delay(POLL_MS)
  }
  return false
}

/** gRPC waits a second after its first refused connection; a plain socket can ask at once again. */
async function answersOnce(address: string): Promise<boolean> {
  return (await accepts(address)) && describesDefaultNamespace(address)
}

function accepts(address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const { hostname, port } = new URL(`tcp://${address}`)
  const socket = connect({ host: hostname, port: Number(port), timeout: CALL_MS })
  for (const event of ['error', 'timeout'] as const) socket.once(event, () => resolve(false))
  socket.once('connect', () => resolve(true))
  return promise.finally(() => socket.destroy())
}

async function describesDefaultNamespace(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: CALL_MS })
  try {
    const describe = () => connection.workflowService.describeNamespace({ namespace: 'default' })
    await connection.withDeadline(Date.now() + CALL_MS, describe)
    return true
  } catch {
    return false
  } finally {
    await connection.close()
  }
}
