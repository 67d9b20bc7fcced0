import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** A message that may not have reached the API. Its key makes sending it again harmless. */
const pendingMessage = z.object({ key: z.guid(), agentId: z.guid(), text: z.string() })
export type PendingMessage = z.output<typeof pendingMessage>

const identitySchema = z.object({
  /** Who the person is to every agent. */
  entityId: z.guid(),
  /** The conversation with each agent, by the agent's id. */
  channels: z.record(z.string(), z.guid()),
  lastAgentId: z.guid().optional(),
  pending: pendingMessage.optional(),
})
export type ChatIdentity = z.output<typeof identitySchema>

const fileIn = (dataDir: string) => join(dataDir, 'chat.json')

/** Who chats in this data folder. A file that cannot be understood is set aside, and a new one begun. */
export function loadIdentity(dataDir: string): ChatIdentity {
  const file = fileIn(dataDir)
  const text = readIfThere(file)
  const known = text === undefined ? undefined : parse(text)
  if (known) return known
  if (text !== undefined) renameSync(file, `${file}.unreadable`)
  return saveIdentity(dataDir, { entityId: randomUUID(), channels: {} })
}

/** Written whole or not at all, and readable by its owner only: whoever has the ids can speak as them. */
export function saveIdentity(dataDir: string, identity: ChatIdentity): ChatIdentity {
  mkdirSync(dataDir, { recursive: true })
  const draft = `${fileIn(dataDir)}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(identity, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, fileIn(dataDir))
  return identity
}

/** The channel of the conversation with an agent, made when there is none. */
export function withChannel(identity: ChatIdentity, agentId: string): ChatIdentity {
  const channelId = identity.channels[agentId] ?? randomUUID()
  const channels = { ...identity.channels, [agentId]: channelId }
  return { ...identity, channels, lastAgentId: agentId }
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function parse(text: string): ChatIdentity | undefined {
  try {
    return identitySchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
