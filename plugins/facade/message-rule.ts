import type { MessagingMembers } from '../runtime.ts'
import type { Access } from './access.ts'
import { textOf } from './json.ts'
import type { MessageService } from './message-shapes.ts'

type Decision = ReturnType<MessageService['shouldRespond']>

/** In ElizaOS's words, the older name behind the newer one. */
const TYPES = ['ALWAYS_RESPOND_CHANNELS', 'SHOULD_RESPOND_BYPASS_TYPES']
const SOURCES = ['ALWAYS_RESPOND_SOURCES', 'SHOULD_RESPOND_BYPASS_SOURCES']

/** The rules of elizaos.md 6.2 that need no model; a turn asks one for the rest. */
export function shouldRespondOf({
  runtime,
}: Pick<Access, 'runtime'>): NonNullable<MessagingMembers['messageService']>['shouldRespond'] {
  const listed = (names: readonly string[]): string[] => {
    const value = names.map((name) => runtime.getSetting(name)).find((each) => each !== null)
    const items = typeof value === 'string' ? value.replace(/[[\]]/g, '').split(',') : []
    return items.map((item) => item.trim().toLowerCase()).filter((item) => item !== '')
  }
  return (_runtime, message, room, mention) => {
    if (!room) return decided(false, 'no room', true)
    const types = ['dm', 'voice_dm', 'self', 'api', ...listed(TYPES)]
    if (types.includes((room.type ?? '').toLowerCase())) return decided(true, 'a private channel')
    const source = (message.content?.source ?? room.source ?? '').toLowerCase()
    const isListed = ['client_chat', ...listed(SOURCES)].some((each) => source.includes(each))
    if (isListed) return decided(true, `the source '${source}' is always answered`)
    if (mention?.isMention || mention?.isReply) return decided(true, 'it was addressed')
    const isNamed = textOf(message.content).toLowerCase().includes(nameOf(runtime))
    return decided(false, isNamed ? 'its name: a model decides' : 'a model decides')
  }
}

const nameOf = ({ character }: Access['runtime']): string => character.name.toLowerCase()

/** `skipEvaluation`: no model need be asked any more. */
const decided = (shouldRespond: boolean, reason: string, isFinal = shouldRespond): Decision => ({
  ...{ shouldRespond, skipEvaluation: isFinal, reason },
})
