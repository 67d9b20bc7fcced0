import { setTimeout as delay } from 'node:timers/promises'
import { wordsOf } from '../agent/words-of.ts'
import type { NewMessage } from '../api/deps.ts'
import { withRetry } from '../database/failures.ts'
import { ensureConnections } from '../memory/connections.ts'
import { createUniqueUuid } from '../schema/ids.ts'
import type { Json, JsonObject } from '../schema/json.ts'
import { accept, type InboundMessage } from '../turns/accept.ts'
import { findUnheard, noteHops, type UnheardMessage } from '../turns/unheard.ts'
import { audienceOf } from './api/hearers.ts'
import type { ApiParts } from './api/parts.ts'

export interface AgentRelay {
  /** Passes on what was said and not heard yet. @returns how many messages were passed on */
  relay(): Promise<number>
  /** Until `signal` is aborted. Failures are logged, and what they left is found again. */
  run(intervalMs: number, signal: AbortSignal): Promise<void>
}

/**
 * Lets the agents of a channel hear each other. What is not heard yet follows from the rows alone, so a
 * process that dies between an answer and its being heard loses nothing: the next look, of whichever
 * process, finds it. An answer that is older than a turn may take is heard by nobody any more.
 */
export function createAgentRelay(parts: ApiParts): AgentRelay {
  const relay = async () => {
    const unheard = (await findUnheard(parts.db, parts.turnDeadlineMs)) ?? []
    let heard = 0
    for (const message of unheard) {
      if (await passOn(parts, message).catch((error: unknown) => notHeard(parts, message, error)))
        heard += 1
    }
    return heard
  }
  return {
    relay,
    async run(intervalMs, signal) {
      while (!signal.aborted) {
        await relay().catch((error: unknown) =>
          parts.log.error({ reason: wordsOf(error) }, 'Agents could not hear each other.'),
        )
        await delay(intervalMs, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}

async function passOn(parts: ApiParts, said: UnheardMessage): Promise<boolean> {
  const memoryOf = (agentId: string) => createUniqueUuid(agentId, said.id)
  const { hearers, connections } = await audienceOf(parts, asPosted(said), memoryOf)
  const isListener = ({ agentId }: { readonly agentId: string }) => said.listeners.includes(agentId)
  const input = {
    message: asInbound(said),
    hearers: hearers.filter(isListener),
    memory: memoryOfSaid(said),
    deadlineMs: parts.turnDeadlineMs,
    isStored: true,
  }
  if (input.hearers.length === 0) return false // they left or were stopped since
  await withRetry(() => ensureConnections(parts.db, connections.filter(isListener)))
  const accepted = await withRetry(() => accept(parts.db, input))
  if (accepted.kind !== 'accepted') return false // heard meanwhile, or the agent is being deleted
  await noteHops(parts.db, said)
  for (const head of accepted.heads) parts.kick(head)
  for (const later of accepted.later) parts.kickLater(later)
  parts.announce(accepted)
  return true
}

/** The next look tries it again; the others are heard all the same. */
function notHeard({ log }: ApiParts, { id }: UnheardMessage, error: unknown): false {
  log.error({ messageId: id, reason: wordsOf(error) }, 'What an agent said was not passed on.')
  return false
}

const asPosted = (said: UnheardMessage): NewMessage => ({
  channelId: said.channelId,
  authorId: said.authorId,
  authorName: said.authorName,
  content: said.content,
  sourceType: said.sourceType,
  rawMessage: {},
  metadata: {},
  isDirect: false,
})

/** Only its id counts: it is stored. */
const asInbound = (said: UnheardMessage): InboundMessage => ({
  id: said.id,
  channelId: said.channelId,
  authorId: said.authorId,
  content: said.content,
  rawMessage: {},
  inReplyTo: said.inReplyTo,
  sourceType: said.sourceType,
  externalId: null,
  bodyHash: null,
  metadata: {},
})

/** What a listener remembers: what was said, not what was thought. */
function memoryOfSaid({ content, said, agentHops, inReplyTo, sourceType }: UnheardMessage) {
  const attachments: Json | undefined = said.attachments
  const memory: JsonObject = {
    text: content,
    source: sourceType,
    ...(inReplyTo === null ? {} : { inReplyTo }),
    ...(Array.isArray(attachments) ? { attachments } : {}),
    agentHops,
  }
  return memory
}
