import type { TurnContext, WorkContext } from '../../context.ts'
import type { Memory } from '../../memory.ts'
import type { Provider } from '../../provider.ts'
import { messagesBefore } from './conversation.ts'
import { readEntityNames } from './entity-names.ts'
import { list, section } from './sections.ts'

const MAX_FACTS = 12
/** Messages whose meaning the search goes by. */
const ASKED_BY = 4
const MAX_QUESTION = 4_000

/**
 * What the agent has noted about people. Where a model makes embeddings, the facts nearest to the message
 * and to those right before it; else the newest. Asked for by name, in a round that may ask models.
 */
export const factsProvider: Provider = {
  name: 'FACTS',
  description: 'What you have noted about people in earlier conversations.',
  dynamic: true,
  builtIn: true,
  async get(context) {
    const found = (await nearest(context)) ?? (await newest(context))
    const facts = list(found.flatMap(({ content }) => (content.text ? [content.text] : [])))
    return { text: section('What you know', facts), values: { facts }, data: { facts: found } }
  },
}

const newest = async ({ memories }: TurnContext): Promise<readonly Memory[]> =>
  (await memories.recent({ type: 'facts', count: MAX_FACTS })).toReversed()

/** Undefined without embeddings, and when the search found nothing: old facts have none. */
async function nearest(context: TurnContext): Promise<readonly Memory[] | undefined> {
  if (!canAsk(context) || !(await context.hasModel?.('TEXT_EMBEDDING'))) return undefined
  try {
    const [embedding] = await context.models.embed([await questionOf(context)])
    if (!embedding) return undefined
    const { room } = context
    const search = { embedding, type: 'facts', roomId: room.id, count: MAX_FACTS }
    const found = await context.records.searchMemories(search)
    return found.length > 0 ? found : undefined
  } catch (error) {
    if (context.signal.aborted) throw error
    return undefined // the newest ones are better than none
  }
}

const canAsk = (context: TurnContext): context is WorkContext => 'models' in context

/** The newest words count most, and stand last where they are never cut. */
async function questionOf(context: TurnContext): Promise<string> {
  const before = (await messagesBefore(context)).slice(1 - ASKED_BY)
  const texts = [...before, context.message].map(({ content }) => content.text ?? '')
  return texts.join('\n').slice(-MAX_QUESTION)
}

const MAX_RELATIONSHIPS = 30

export const relationshipsProvider: Provider = {
  name: 'RELATIONSHIPS',
  description: 'How the author of the message and others relate to each other.',
  dynamic: true,
  builtIn: true,
  async get(context) {
    const { records, message } = context
    const found = await records.relationships({ entityId: message.entityId })
    const [newestFirst, { nameOf, entities }] = [
      found.slice(0, MAX_RELATIONSHIPS),
      await readEntityNames(context),
    ]
    const ids = newestFirst.flatMap((one) => [one.sourceEntityId, one.targetEntityId])
    const elsewhere = [...new Set(ids)].filter((id) => !entities.some((one) => one.id === id))
    const others = elsewhere.length > 0 ? await records.entities(elsewhere) : []
    const called = (id: string) => others.find((one) => one.id === id)?.names[0] ?? nameOf(id)
    const lines = newestFirst.map(({ sourceEntityId, targetEntityId, tags }) => {
      const words = tags.length > 0 ? tags.join(', ') : 'knows'
      return `${called(sourceEntityId)} → ${called(targetEntityId)}: ${words}`
    })
    const relationships = list(lines.map((line) => line.replace(/\s+/g, ' ')))
    return {
      text: section(`Relationships of ${nameOf(message.entityId)}`, relationships),
      values: { relationships },
      data: { relationships: found },
    }
  },
}
