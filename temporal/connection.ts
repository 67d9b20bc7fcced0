import { Client } from '@temporalio/client'
import { defineSearchAttributeKey } from '@temporalio/common'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'

export const AGENT_ID = defineSearchAttributeKey('AgentId', 'KEYWORD')
export const ROOM_ID = defineSearchAttributeKey('RoomId', 'KEYWORD')

export interface TemporalConnection {
  readonly connection: NativeConnection
  /** On the Worker's own connection: eager start needs it. */
  readonly client: Client
  readonly namespace: string
  /** A foreign server may lack them; turns then go without. */
  readonly hasSearchAttributes: boolean
}

export interface ConnectOptions {
  /** `TEMPORAL_*` names; read by Temporal's own rules, profiles and TLS included. */
  readonly env: Readonly<Record<string, string>>
  /** Of the dev server, when it was started by us. */
  readonly address?: string
}

/** Connects, or fails within the SDK's own limit of about 10 s. */
export async function connectTemporal({
  env,
  address,
}: ConnectOptions): Promise<TemporalConnection> {
  const configured = loadClientConnectConfig({ overrideEnvVars: { ...env } })
  const options = {
    ...configured.connectionOptions,
    ...(address === undefined ? {} : { address }),
  }
  const isLoopback = /^(127\.|localhost|\[::1\])/.test(options.address ?? 'localhost')
  const connection = await NativeConnection.connect({
    ...options,
    // Compression costs more than the wire on loopback.
    ...(isLoopback ? { grpcCompression: { codec: 'none' as const } } : {}),
  })
  const namespace = configured.namespace ?? 'default'
  const client = new Client({ connection, namespace })
  return { connection, client, namespace, hasSearchAttributes: await hasAttributes(client) }
}

async function hasAttributes(client: Client): Promise<boolean> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace: client.options.namespace,
    })
    return AGENT_ID.name in customAttributes && ROOM_ID.name in customAttributes
  } catch {
    return false // not every account may ask; turns do without
  }
}
