import { Context } from '@temporalio/activity'
import { attachmentsOf, isUnread, kindOf, type Media, mediaKey } from '../agent/attachments.ts'
import { ModelError } from '../agent/errors.ts'
import { MediaError } from '../agent/media.ts'
import type { Ports, StepAttempt } from '../agent/ports.ts'
import { wordsOf } from '../agent/words-of.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableText } from '../schema/text.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { createPlaces, type Places } from './look-places.ts'
import { type Finding, type LookPorts, lookAt } from './media-look.ts'
import { attendStep } from './rounds.ts'
import { type OpenTurn, openTurn } from './turn-context.ts'

type AttendPorts = LookPorts & Pick<Ports, 'turns' | 'agents' | 'journal'>

/** Attachments that are looked at side by side: each may be 25 MB. */
const LANES = 3

/**
 * Looks of one process at a time, of all of its turns: each holds the bytes that it fetched, and a
 * copy of them in base64, until the vendor has answered.
 */
const PLACES = 4

/** Part of the step's time after which what was found is written, whatever is still missing. */
const WORKING_SHARE = 0.85

/** A vendor's outage ends this step soon: the reply waits for it. */
const MAX_ATTEMPTS = 3

/**
 * Looks at what came with the message. What it finds is journaled, and kept in the memory of the
 * message, so that every later step and turn sees it. Run again, it finds that and does nothing; looks
 * that an earlier attempt paid for are not paid again.
 */
export const createAttend = (ports: AttendPorts, places = createPlaces(PLACES)) =>
  async function attend(input: TurnInput, round = 1): Promise<void> {
    const attempt = currentAttempt(input)
    const step = attendStep(round)
    const claim = await ports.journal.claim(attempt, { step, beforeSettle: true })
    if (claim.kind === 'done') return
    await withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, input, step, round)
      const findings = await lookAtAll(ports, { attempt, step, opened, signal, places })
      await ports.journal.finish(
        attempt,
        step,
        { attachments: findings.map(entryOf) },
        {
          ...{ messages: [], memories: [], relationships: [], records: [] },
          turn: opened.turn,
          outboxSource: null,
          described: new Map(findings.map(({ media, described }) => [mediaKey(media), described])),
        },
      )
    })
  }

interface Looking {
  readonly attempt: StepAttempt
  readonly step: string
  readonly opened: OpenTurn
  readonly signal: AbortSignal
  readonly places: Places
}

async function lookAtAll(ports: AttendPorts, looking: Looking): Promise<readonly Finding[]> {
  const { attempt, opened, signal } = looking
  const leftMs = Math.floor(timeLeftMs() * WORKING_SHARE)
  const deadlineAt = Date.now() + leftMs
  const end = new AbortController() // one look that cannot go on ends the others
  const limit = AbortSignal.any([signal, end.signal, AbortSignal.timeout(leftMs)])
  const unread = attachmentsOf(opened.turn.message.content).filter(isUnread)
  const look = async (media: Media, index: number): Promise<Finding> => {
    try {
      return await lookAt(ports, { ...looking, media, call: index + 1, signal: limit, deadlineAt })
    } catch (error) {
      end.abort(error)
      throw error
    }
  }
  const findings = await inLanes(unread, look)
  signal.throwIfAborted()
  const outage = findings.find(({ failure }) => failure instanceof ModelError && failure.retryable)
  if (outage && !limit.aborted && attempt.attempt < MAX_ATTEMPTS) throw outage.failure
  return findings
}

/** By the server's clock alone: ours may be another one. */
function timeLeftMs(): number {
  const { info } = Context.current()
  const spentMs = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs
  return Math.max(0, info.scheduleToCloseTimeoutMs - spentMs)
}

async function inLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await work(item, index)
  }
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
  const failed = lanes.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return results
}

/** Of a text: the whole is in the memory of the message. */
const MAX_IN_TRACE = 2_000

function entryOf({ media, described, ms, failure }: Finding): JsonObject {
  const { title, description, text } = described
  return {
    kind: kindOf(media),
    id: media.id ?? null,
    ms,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(text === undefined ? {} : { text: text.slice(0, MAX_IN_TRACE) }),
    ...(failure === undefined ? {} : { error: storableText(explained(failure)) }),
    ...(isNotConfigured(failure) ? { outcome: 'not configured' } : {}),
  }
}

const explained = (failure: unknown): string =>
  failure instanceof MediaError && failure.hint !== undefined
    ? `${failure.message}. ${failure.hint}`
    : wordsOf(failure)

const isNotConfigured = (failure: unknown): boolean =>
  failure instanceof ModelError && failure.code === 'model_not_configured'
