import { shortened } from '../agent/attachment-words.ts'
import { type Described, kindOf, type Media, type MediaKind } from '../agent/attachments.ts'
import { FencedError, ModelError, UnavailableError } from '../agent/errors.ts'
import { type FetchedMedia, MAX_BYTES, MediaError, type MediaFetcher } from '../agent/media.ts'
import { pictureType, soundType, textOf } from '../agent/media-type.ts'
import type { StepAttempt } from '../agent/ports.ts'
import { composePrompt } from '../agent/prompts/compose-prompt.ts'
import { parseImageAnswer } from '../agent/prompts/image-answer.ts'
import { templateOf } from '../agent/prompts/templates.ts'
import { wordsOf } from '../agent/words-of.ts'
import { storableText } from '../schema/text.ts'
import { callModel } from './call-model.ts'
import { placeOf, type VendorPorts } from './call-vendor.ts'
import type { Places } from './look-places.ts'
import { callTranscription } from './transcribe.ts'
import type { OpenTurn } from './turn-context.ts'

export type LookPorts = VendorPorts & { readonly media: MediaFetcher }

/** One look at one attachment of a turn. */
export interface Look {
  readonly attempt: StepAttempt
  readonly step: string
  /** Ordinal of the attachment among those that are looked at, from 1. */
  readonly call: number
  readonly opened: OpenTurn
  readonly media: Media
  /** Aborted when the time for all of them is up, too. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly deadlineAt: number
  /** Of all looks of this process. */
  readonly places: Places
}

export interface Finding {
  readonly media: Media
  readonly described: Described
  readonly ms: number
  /** Why nothing was found. */
  readonly failure?: unknown
}

/** A server that takes longer holds up the reply. */
const FETCH_LIMIT_MS = 15_000

/** Of a document or a recording, in characters: more than a prompt has a place for. */
const MAX_TEXT = 20_000

/**
 * Looks at a picture, listens to a recording, reads a text. What cannot be looked at is described by
 * the reason, so that the model can say so: an attachment never fails the turn.
 *
 * @throws {FencedError} @throws {UnavailableError} the step itself cannot go on.
 */
export async function lookAt(ports: LookPorts, look: Look): Promise<Finding> {
  const { media } = look
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  try {
    return {
      media,
      described: await look.places(look.signal, () => found(ports, look)),
      ms: since(),
    }
  } catch (failure) {
    if (failure instanceof FencedError || failure instanceof UnavailableError) throw failure
    const reason = reasonOf(failure, look)
    const description = `(${NOT_DONE[kindOf(media)]}: ${reason})`
    const unread = passingReason(failure, look)
    const described = { description: storableText(description), ...(unread ? { unread } : {}) }
    return { media, described, ms: since(), failure }
  }
}

const NOT_DONE: Readonly<Record<MediaKind, string>> = {
  image: 'image, not described',
  audio: 'audio, not transcribed',
  text: 'document, not read',
  other: 'not looked at',
}

async function found(ports: LookPorts, look: Look): Promise<Described> {
  const fetched = await fetchIt(ports, look)
  switch (kindOf(look.media)) {
    case 'image':
      return describe(ports, look, fetched)
    case 'audio':
      return transcribe(ports, look, fetched)
    default:
      return read(fetched)
  }
}

async function fetchIt({ media: fetcher }: LookPorts, look: Look): Promise<FetchedMedia> {
  const kind = kindOf(look.media)
  const limit = AbortSignal.timeout(FETCH_LIMIT_MS)
  const signal = AbortSignal.any([look.signal, limit])
  try {
    const maxBytes = MAX_BYTES[kind === 'other' ? 'text' : kind]
    return await fetcher.fetch(look.media.url, { maxBytes, signal })
  } catch (error) {
    if (look.signal.aborted || !limit.aborted) throw error
    throw new MediaError(`its server took longer than ${FETCH_LIMIT_MS / 1_000} s`)
  }
}

async function describe(ports: LookPorts, look: Look, { data }: FetchedMedia): Promise<Described> {
  const mimeType = pictureType(data)
  if (mimeType === undefined) throw new MediaError('it is no PNG, JPEG, GIF or WebP picture')
  const { character } = look.opened.agent
  const template = templateOf(character, 'imageDescriptionTemplate')
  const state = { values: { agentName: character.name }, data: {}, text: '' }
  const answer = await callModel(ports, {
    ...questionOf(look),
    purpose: 'IMAGE_DESCRIPTION',
    params: {
      prompt: composePrompt(template, state),
      images: [{ kind: 'bytes', data, mimeType }],
    },
  })
  const described = parseImageAnswer(answer.text)
  if (!described) throw new MediaError('the model said nothing about it')
  const title = look.media.title ?? described.title // a name that a person gave it stays
  return { ...described, ...(title === undefined ? {} : { title }) }
}

async function transcribe(ports: LookPorts, look: Look, fetched: FetchedMedia): Promise<Described> {
  const mimeType = soundType(fetched, look.media)
  if (mimeType === undefined) throw new MediaError(`it is no sound but ${typeName(fetched)}`)
  const text = await callTranscription(ports, {
    ...questionOf(look),
    audio: fetched.data,
    mimeType,
  })
  return text === ''
    ? { description: '(audio, in which nothing is said)' }
    : { text: storableText(shortened(text, MAX_TEXT)) }
}

function read(fetched: FetchedMedia): Described {
  const text = textOf(fetched)
  if (text === undefined) throw new MediaError(`it is no text but ${typeName(fetched)}`)
  return text.trim() === ''
    ? { description: '(an empty document)' }
    : { text: storableText(shortened(text, MAX_TEXT)) }
}

/** A server's word, which stands in the prompt: nothing but a type may be said with it. */
const typeName = ({ mimeType }: FetchedMedia): string =>
  /^[\w.+/-]{1,60}$/.test(mimeType) ? `'${mimeType}'` : 'something without a proper type'

function questionOf({ attempt, step, call, opened, signal, deadlineAt }: Look) {
  const { agent, turn } = opened
  return { attempt, step, call, agent, signal, subject: placeOf(turn).subject, deadlineAt }
}

/** For model and person. What a vendor said about it is for the trace. */
function reasonOf(failure: unknown, { signal, media }: Look): string {
  if (failure instanceof MediaError) return wordsOf(failure)
  if (failure instanceof ModelError) return MODEL_REASONS[failure.code](PURPOSES[kindOf(media)])
  return signal.aborted ? 'there was no time left for it' : 'something unexpected went wrong'
}

/** Why it was not looked at, where that may be otherwise when an operator retries the turn. */
function passingReason(failure: unknown, { signal }: Look): string | undefined {
  if (failure instanceof ModelError) return PASSING.has(failure.code) ? failure.code : undefined
  return signal.aborted && !(failure instanceof MediaError) ? 'no_time' : undefined
}

const PASSING: ReadonlySet<ModelError['code']> = new Set<ModelError['code']>([
  ...(['model_not_configured', 'model_unavailable'] as const),
  ...(['budget_exhausted', 'budget_stop'] as const),
])

const PURPOSES: Readonly<Record<MediaKind, string>> = {
  image: 'IMAGE_DESCRIPTION',
  audio: 'TRANSCRIPTION',
  text: '',
  other: '',
}

const MODEL_REASONS: Readonly<Record<ModelError['code'], (purpose: string) => string>> = {
  model_not_configured: (purpose) => `no vendor for ${purpose} is configured`,
  model_unavailable: () => 'the vendor is not available now',
  model_rejected: () => 'the vendor does not take it',
  model_refused: () => 'the vendor refuses to',
  prompt_too_long: () => 'it is too large for the model',
  budget_exhausted: () => 'the budget is used up',
  budget_stop: () => 'the budget is used up',
}
