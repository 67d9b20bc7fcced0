import { stringToUuid } from '../../../schema/ids.ts'
import type { TurnContext, WorkContext } from '../../context.ts'
import { ModelAnswerError } from '../../errors.ts'
import type { Evaluator } from '../../evaluator.ts'
import type { GenerateParams } from '../../models.ts'
import { composePrompt } from '../../prompts/compose-prompt.ts'
import { stableBeginning } from '../../prompts/stable-beginning.ts'
import { templateOf } from '../../prompts/templates.ts'
import { characterProvider } from './character-provider.ts'
import { conversationLength, messagesBefore, newestWithin, transcript } from './conversation.ts'
import { readEntityNames } from './entity-names.ts'
import { parseReflection, type Reflection } from './reflection-answer.ts'
import { list } from './sections.ts'

/** A quarter of the conversation's length, 8 of 32: each message is looked at about four times. */
const intervalTurns = (settings: Readonly<Record<string, unknown>>): number =>
  Math.max(1, Math.floor(conversationLength(settings) / 4))

const KNOWN_FACTS = 30

/** About 4,000 tokens of conversation: with facts and people, small models can read it. */
const MAX_CONVERSATION = 16_000

/** Notes facts and relationships. Both commit with the evaluator's step. */
export const reflectionEvaluator: Evaluator = {
  name: 'REFLECTION',
  description: 'Keeps facts about people and how they relate to each other.',
  similes: ['REFLECT', 'SELF_REFLECT', 'EVALUATE_INTERACTION', 'ASSESS_SITUATION'],
  intervalTurns,
  handler: reflect,
}

/** @throws {ModelAnswerError} the answer is empty or has no facts and relationships in it; nothing is stored */
async function reflect(context: WorkContext): Promise<void> {
  const known = await knownFacts(context)
  const answer = await context.generate('TEXT_SMALL', await reflectionPrompt(context, known))
  if (answer.trim() === '') {
    throw new ModelAnswerError('model_answer_empty', 'The model gave an empty reflection.')
  }
  const reflection = parseReflection(answer)
  if (!reflection) {
    throw new ModelAnswerError(
      'model_answer_unreadable',
      `The reflection of ${answer.length} characters has neither <facts> nor <relationships>. ` +
        'Nothing was stored; a larger TEXT_SMALL model may keep to the format.',
    )
  }
  await storeFacts(context, reflection, known)
  await storeRelationships(context, reflection)
}

async function reflectionPrompt(
  context: WorkContext,
  known: readonly string[],
): Promise<GenerateParams> {
  const [{ entities, nameOf }, before, character] = await Promise.all([
    readEntityNames(context),
    messagesBefore(context),
    characterProvider.get(context, { values: {}, data: {}, text: '' }),
  ])
  const values = {
    ...character.values,
    entitiesInRoom: list(entities.map(({ id }) => `${nameOf(id)} (id ${id})`)),
    knownFacts: list(known),
    senderName: nameOf(context.message.entityId),
    recentMessages: transcript(
      newestWithin(await withReply(context, before), MAX_CONVERSATION),
      nameOf,
    ),
  }
  const template = templateOf(context.agent.character, 'reflectionTemplate')
  const whole = { values, data: {}, text: '' }
  const prompt = composePrompt(template, whole)
  const stable = { values: character.values ?? {}, data: {}, text: '' }
  return { prompt, stableLength: stableBeginning(template, { prompt, whole, stable }) }
}

/** The answered message stands before the agent's reply to it, whenever the reply was written. */
async function withReply(
  { agent, message }: TurnContext,
  before: Awaited<ReturnType<typeof messagesBefore>>,
) {
  const isReply = (createdAt: number, entityId: string) =>
    entityId === agent.id && createdAt > message.createdAt
  const index = before.findIndex(({ createdAt, entityId }) => isReply(createdAt, entityId))
  return index < 0 ? [...before, message] : before.toSpliced(index, 0, message)
}

async function knownFacts({ memories }: WorkContext): Promise<string[]> {
  const facts = await memories.recent({ type: 'facts', count: KNOWN_FACTS })
  return facts.flatMap(({ content }) => (content.text ? [content.text] : []))
}

async function storeFacts(
  context: WorkContext,
  { facts }: Reflection,
  known: readonly string[],
): Promise<void> {
  const fresh = newFacts(facts, known)
  const vectors = await vectorsOf(
    context,
    fresh.map(({ claim }) => claim),
  )
  const { agent, room, message, turn } = context
  for (const [ordinal, { claim, type }] of fresh.entries()) {
    const embedding = vectors?.[ordinal]
    const metadata = { type, source: 'reflection', messageId: message.id }
    const fact = { type: 'facts', entityId: agent.id, content: { text: claim }, metadata }
    if (!embedding) {
      context.remember(fact)
      continue
    }
    const id = stringToUuid(`${turn.turnId}:${turn.gen}:reflection:fact:${ordinal}`)
    const place = { id, roomId: room.id, worldId: room.worldId }
    context.write({
      kind: 'memory.create',
      memory: { ...fact, ...place, embedding: [...embedding] },
    })
  }
}

function newFacts(facts: Reflection['facts'], known: readonly string[]): Reflection['facts'] {
  const seen = new Set(known.map(sameness))
  return facts.filter(({ claim, inBio, alreadyKnown }) => {
    if (inBio || alreadyKnown || seen.has(sameness(claim))) return false
    seen.add(sameness(claim))
    return true
  })
}

/** What FACTS finds them by. A fact without one is better than none. */
async function vectorsOf(context: WorkContext, claims: readonly string[]) {
  if (claims.length === 0 || !(await context.hasModel?.('TEXT_EMBEDDING'))) return undefined
  try {
    return await context.models.embed(claims)
  } catch (error) {
    if (context.signal.aborted) throw error
    return undefined
  }
}

const sameness = (claim: string): string =>
  claim
    .toLowerCase()
    .replace(/[\s.]+/g, ' ')
    .trim()

async function storeRelationships(
  context: WorkContext,
  { relationships }: Reflection,
): Promise<void> {
  const { entities, nameOf } = await readEntityNames(context)
  const idOf = (written: string): string | undefined => {
    const wanted = written.toLowerCase()
    const byId = entities.find(({ id }) => id.toLowerCase() === wanted)
    const byName = entities.filter(({ id }) => nameOf(id).toLowerCase() === wanted)
    return (byId ?? (byName.length === 1 ? byName[0] : undefined))?.id
  }
  for (const { source, target, tags } of relationships) {
    const [sourceEntityId, targetEntityId] = [idOf(source), idOf(target)]
    if (!sourceEntityId || !targetEntityId || sourceEntityId === targetEntityId) continue
    context.relate({ sourceEntityId, targetEntityId, tags, metadata: { source: 'reflection' } })
  }
}
