import { describe, expect, it } from '@jest/globals'
import {
  ApplicationFailure,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common'
import { toFailure } from '../../activities/failures.ts'
import {
  ConnectorError,
  FencedError,
  ModelAnswerError,
  ModelError,
  NotFoundError,
  RequiredPluginError,
  UnavailableError,
} from '../../agent/errors.ts'

const WORDS = 'The key sk-123 of Sam was refused.'

const model = (retryable: boolean, retryAfterMs?: number) =>
  new ModelError(WORDS, {
    code: 'model_unavailable',
    retryable,
    retryAfterMs,
    cause: new Error(WORDS),
  })

const connector = (kind: 'permanent' | 'retryable', retryAfterMs?: number) =>
  new ConnectorError(WORDS, { kind, retryAfterMs, cause: new Error(WORDS) })

const seen = (error: unknown, attempt = 1) => {
  const failure = toFailure(error, attempt)
  if (!(failure instanceof ApplicationFailure)) throw failure
  return {
    code: failure.type,
    isRetried: !failure.nonRetryable,
    afterMs: failure.nextRetryDelay,
  }
}

describe('a failure that leaves an activity', () => {
  it.each([
    ['a vendor that is away', model(true), 'model_unavailable', true, undefined],
    ['a vendor that names a time', model(true, 7_000), 'model_unavailable', true, 7_000],
    // Temporal takes 0 for "never again".
    ['a vendor that may be asked at once', model(true, 0), 'model_unavailable', true, 1],
    ['a vendor that refuses for good', model(false), 'model_unavailable', false, undefined],
    [
      'an empty answer',
      new ModelAnswerError('model_answer_empty', WORDS),
      'model_answer_empty',
      false,
      undefined,
    ],
    [
      'an unreadable answer',
      new ModelAnswerError('model_answer_unreadable', WORDS),
      'model_answer_unreadable',
      false,
      undefined,
    ],
    ['a lost claim', new FencedError('decide'), 'fenced', false, undefined],
    [
      'an agent that is gone',
      new NotFoundError('agent', WORDS),
      'agent_not_found',
      false,
      undefined,
    ],
    [
      'an agent without a plugin that it requires',
      new RequiredPluginError(WORDS),
      'required_plugin_failed',
      false,
      undefined,
    ],
    [
      'a database that is away',
      new UnavailableError(WORDS),
      'database_unavailable',
      true,
      undefined,
    ],
    ['a platform that refuses', connector('permanent'), 'connector_failed', false, undefined],
    ['a platform that is busy', connector('retryable', 300), 'connector_failed', true, 300],
    ['an error nobody foresaw', new TypeError(WORDS), 'internal', true, undefined],
    ['a thrown text', WORDS, 'internal', true, undefined],
    ['a thrown nothing', undefined, 'internal', true, undefined],
    [
      'a failure that a plugin made for Temporal',
      ApplicationFailure.nonRetryable(WORDS, WORDS, WORDS),
      'internal',
      true,
      undefined,
    ],
  ])('says of %s what it means', (_what, error, code, isRetried, afterMs) => {
    expect(seen(error)).toEqual({ code, isRetried, afterMs })
  })

  it('gives up an error nobody foresaw at the sixth attempt', () => {
    const error = new Error(WORDS)
    expect(seen(error, 5).isRetried).toBe(true)
    expect(seen(error, 6).isRetried).toBe(false)
  })

  it('gives up a failure that a plugin made for Temporal at the sixth attempt, too', () => {
    const failure = ApplicationFailure.retryable(WORDS)
    expect(seen(failure, 5).isRetried).toBe(true)
    expect(seen(failure, 6).isRetried).toBe(false)
  })

  it.each([model(true), connector('permanent'), new Error(WORDS, { cause: new Error(WORDS) })])(
    'carries neither words nor stack nor cause into the history: %#',
    (error) => {
      const failure = toFailure(error, 1)
      const recorded = defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter)
      expect(recorded.message).toBe(recorded.applicationFailureInfo?.type)
      expect(recorded.stackTrace).toBe('')
      expect(recorded.cause).toBeUndefined()
      expect(JSON.stringify(recorded)).not.toMatch(/sk-123|\.ts/)
    },
  )

  it('stays a cancellation when it is one', () => {
    const cancelled = new CancelledFailure('CANCELLED')
    expect(toFailure(cancelled, 1)).toBe(cancelled)
  })
})
