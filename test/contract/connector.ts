import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Outbound, SendFailed } from '../../agent/connector.ts'
import { sendKey } from '../../agent/send-key.ts'
import type { Connector } from '../../connectors/connector.ts'

/** A connector with a platform behind it that a test can look at, and let go wrong. */
export interface ConnectorUnderTest {
  readonly connector: Connector
  /** The platform's id of a channel that the bot may write to. */
  readonly channel: string
  /** Texts in that channel as a person sees them, oldest first. */
  visible(): Promise<readonly string[]>
  /** Lets the next call fail in a way that the platform knows. */
  fail(how: 'refused for good' | 'rate limited' | 'unreachable' | 'lost answer'): Promise<void>
  close(): Promise<void>
}

type Subject = () => ConnectorUnderTest

/** What the core relies on, whatever the platform is. */
export function connectorContract(name: string, open: () => Promise<ConnectorUnderTest>): void {
  describe(`${name} as a connector`, () => {
    let under: ConnectorUnderTest
    beforeEach(async () => {
      under = await open()
    })
    afterEach(() => under.close())
    capabilities(() => under)
    calls(() => under)
    failures(() => under)
    listening(() => under)
  })
}

const ROW = '0b34f1c2-8a5e-4f6d-9c01-aabbccddeeff'
const signal = () => AbortSignal.timeout(5_000)

function outbound(subject: Subject, given: Partial<Outbound> = {}, part = 0): Outbound {
  const room = { externalId: subject().channel }
  const body = { text: `Part ${part}.` }
  // The given members make another operation whole.
  return { room, key: sendKey(ROW, part), part, parts: 2, op: 'create', body, ...given } as Outbound
}

function capabilities(subject: Subject): void {
  it('can do what its capabilities promise', () => {
    const { caps, findOwn } = subject().connector
    expect(caps.maxLength).toBeGreaterThanOrEqual(16)
    if (caps.dedup === 'lookup') expect(findOwn).toBeDefined()
    if (caps.dedup === 'reserve') expect(caps.edit).toBe(true)
    if (caps.dedup === 'nonce') expect(caps.dedupWindowMs).toBeGreaterThan(0)
  })

  it('says before it starts that nothing is wrong', async () => {
    expect(await subject().connector.check()).toEqual([])
  })
}

function calls(subject: Subject): void {
  const send = (op: Outbound) => subject().connector.send(op, signal())

  it('shows what it is given, and says under which id', async () => {
    const first = await send(outbound(subject))
    const second = await send(outbound(subject, {}, 1))
    expect(await subject().visible()).toEqual(['Part 0.', 'Part 1.'])
    expect(first.id).not.toBe('')
    expect(second.id).not.toBe(first.id)
  })

  it('shows a repeated key once where it promises to', async () => {
    if (subject().connector.caps.dedup !== 'nonce') return
    const [first, second] = [await send(outbound(subject)), await send(outbound(subject))]
    expect(second).toEqual(first)
    expect(await subject().visible()).toEqual(['Part 0.'])
  })

  it('finds its own message by its key, and no other', async () => {
    const { findOwn } = subject().connector
    if (!findOwn) return
    const sent = await send(outbound(subject))
    expect(await findOwn(outbound(subject), signal())).toEqual(sent)
    expect(await findOwn(outbound(subject, {}, 1), signal())).toBe('absent')
  })

  it('edits a message as often as it is asked to, also when nothing changes', async () => {
    if (!subject().connector.caps.edit) return
    const { id: target } = await send(outbound(subject, { op: 'reserve', body: { text: '…' } }))
    const edit = outbound(subject, { op: 'edit', target, body: { text: 'The words.' } })
    expect(await send(edit)).toEqual({ id: target })
    expect(await send(edit)).toEqual({ id: target })
    expect(await subject().visible()).toEqual(['The words.'])
  })

  it('deletes a message, also one that is gone', async () => {
    const { id: target } = await send(outbound(subject))
    const deletion = outbound(subject, { op: 'delete', target })
    await send(deletion)
    await send(deletion)
    expect(await subject().visible()).toEqual([])
  })

  it('shows nothing for typing', async () => {
    if (!subject().connector.caps.typing) return
    await send(outbound(subject, { op: 'typing' }))
    expect(await subject().visible()).toEqual([])
  })
}

function failures(subject: Subject): void {
  const failureOf = async (op: Outbound) => {
    try {
      await subject().connector.send(op, signal())
    } catch (error) {
      return error instanceof SendFailed ? error.error : error
    }
    return 'none'
  }

  it.each([
    ['refused for good', { kind: 'permanent', code: expect.stringMatching(/^[\w.-]+$/) }, 0],
    ['rate limited', { kind: 'rate-limited', retryAfterMs: expect.any(Number) }, 0],
    ['unreachable', { kind: 'not-sent' }, 0],
    ['lost answer', { kind: 'unknown' }, 1],
  ] as const)('tells what is known after a call that was %s', async (how, known, shown) => {
    await subject().fail(how)
    expect(await failureOf(outbound(subject))).toMatchObject(known)
    expect(await subject().visible()).toHaveLength(shown)
  })

  it('refuses for good what it can never show, and does not quote it', async () => {
    const { maxLength } = subject().connector.caps
    const text = 'swordfish'.repeat(Math.ceil((maxLength + 1) / 9))
    const failure = await failureOf(outbound(subject, { op: 'create', body: { text } }))
    expect(failure).toMatchObject({ kind: 'permanent' })
    expect(JSON.stringify(failure)).not.toContain('swordfish')
  })

  it('calls once: a repeat is never its own idea', async () => {
    await subject().fail('unreachable')
    expect(await failureOf(outbound(subject))).toMatchObject({ kind: 'not-sent' })
    expect(await subject().visible()).toEqual([])
  })
}

function listening(subject: Subject): void {
  it('stops listening when it is told to', async () => {
    const stopping = new AbortController()
    const sink = { accept: async () => 'new' as const, gap: async () => undefined }
    const listening = subject().connector.receive(sink, null, stopping.signal)
    stopping.abort()
    await expect(listening).resolves.toBeUndefined()
  })
}
