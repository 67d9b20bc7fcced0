import { AsyncLocalStorage } from 'node:async_hooks'
import { PluginError } from '../plugin-error.ts'
import { type Child, type ChildRights, startChild } from './start-child.ts'
import {
  type MemberCall,
  type OpenOrder,
  type Order,
  type Report,
  readLine,
  readLines,
  written,
} from './wire.ts'

export interface LinkOptions {
  readonly plugin: string
  readonly rights: ChildRights
  readonly order: OpenOrder
  /** Milliseconds for one call of a member; beyond it the process is ended. */
  readonly callMs: number
  readonly openMs: number
  /** Carries out what the child asks for, in the scope of the call that it asks within. */
  answer(asked: Asked): Promise<unknown>
  log(level: string, text: string): void
}

export interface Asked {
  readonly member: string
  readonly of: readonly unknown[]
  readonly call: CallInput
}

/** What a call brings that stays with the parent. */
export interface CallInput {
  readonly runtime: unknown
  readonly callback?: unknown
}

/** A child that runs. */
export interface Link {
  /** @throws {PluginError} it failed, was late, or its process ended */
  open(): Promise<unknown>
  call(member: MemberCall, of: readonly unknown[], input: CallInput): Promise<unknown>
  readonly ended: Promise<void>
  end(): void
}

/** Questions that one child may have open at the same time. */
const MAX_ASKED = 200

export function openLink(options: LinkOptions): Link {
  const { plugin, order, openMs, callMs } = options
  const child = startChild(options.rights)
  const calls = createCalls(plugin)
  const ended = Promise.withResolvers<void>()
  const fail = (why: string) => {
    child.process.kill('SIGKILL')
    calls.fail(why)
  }
  const send = (message: Order) => void child.wire.write(written(message))
  const request = async (toOrder: (id: number) => Order, input: CallInput, limitMs: number) => {
    const { id, reply } = calls.begin(input)
    const late = setTimeout(() => fail(lateWords(limitMs)), limitMs)
    try {
      send(toOrder(id))
      return await reply
    } finally {
      clearTimeout(late)
      calls.end(id)
    }
  }
  const answer = createAnswers(options, calls, (reply) => {
    if (!child.wire.destroyed) send(reply)
  })
  const onReport = (line: string) => {
    const report = reportIn(line)
    if (report?.kind === 'reply') calls.settle(report)
    else if (report?.kind === 'ask') void answer(report)
    else if (report?.kind === 'log') options.log(String(report.level), String(report.text))
    else fail('its process wrote what is no message, and was ended.')
  }
  readLines(child.wire, onReport, () => fail('its process sent too much at once, and was ended.'))
  child.wire.on('error', () => undefined) // its end says more
  child.process.on('error', (error) => {
    fail(`its process did not start (${error.message}).`)
    ended.resolve()
  })
  child.process.once('close', (code, signal) => {
    fail(endWords(child, code, signal))
    ended.resolve()
  })
  return {
    open: () => request((id) => ({ kind: 'open', id, plugin: order }), NO_INPUT, openMs),
    call: (member, of, input) => request((id) => ({ kind: 'call', id, member, of }), input, callMs),
    ended: ended.promise,
    end: () => void child.process.kill('SIGKILL'),
  }
}

const NO_INPUT: CallInput = { runtime: undefined }

interface Waiting {
  readonly input: CallInput
  /** The scope of the caller, which what the child asks belongs to. */
  readonly here: ReturnType<typeof AsyncLocalStorage.snapshot>
  readonly reply: PromiseWithResolvers<unknown>
}

/** Those that the child has not answered. */
function createCalls(plugin: string) {
  const waiting = new Map<number, Waiting>()
  let ids = 0
  return {
    begin(input: CallInput) {
      ids += 1
      const reply = Promise.withResolvers<unknown>()
      waiting.set(ids, { input, here: AsyncLocalStorage.snapshot(), reply })
      return { id: ids, reply: reply.promise }
    },
    end: (id: number) => void waiting.delete(id),
    find: (id: number) => waiting.get(id),
    settle(report: Extract<Report, { kind: 'reply' }>) {
      const reply = waiting.get(report.id)?.reply
      if ('error' in report) reply?.reject(new PluginError(plugin, String(report.error)))
      else reply?.resolve(report.value)
    },
    fail(why: string) {
      const error = new PluginError(plugin, `The plugin '${plugin}' failed: ${why}`)
      for (const { reply } of waiting.values()) reply.reject(error)
      waiting.clear()
    },
  }
}

/** Carries out what the child asks for, in the scope of the call that it asks within. */
function createAnswers(
  { answer }: Pick<LinkOptions, 'answer'>,
  calls: ReturnType<typeof createCalls>,
  reply: (order: Order) => void,
) {
  let open = 0
  return async ({ id, call, member, of }: Extract<Report, { kind: 'ask' }>): Promise<void> => {
    const asking = calls.find(call)
    open += 1
    try {
      if (!asking) throw new Error('It was asked after the member had returned.')
      if (open > MAX_ASKED) throw new Error(`More than ${MAX_ASKED} questions are open.`)
      if (!Array.isArray(of)) throw new Error('A question has a list of arguments.')
      const value = await asking.here(() => answer({ member, of, call: asking.input }))
      reply({ kind: 'reply', id, value })
    } catch (error) {
      reply({ kind: 'reply', id, error: error instanceof Error ? error.message : String(error) })
    } finally {
      open -= 1
    }
  }
}

/** A child may write anything. */
function reportIn(line: string): Report | undefined {
  try {
    const report: unknown = readLine(line)
    const isReport = typeof report === 'object' && report !== null && 'kind' in report
    return isReport ? (report as Report) : undefined // its members are looked at where they are used
  } catch {
    return undefined
  }
}

const lateWords = (ms: number) =>
  `it gave no answer within ${ms / 1_000} s, and its process was ended.`

function endWords(child: Child, code: number | null, signal: string | null): string {
  const lines = child.lastWords().trim().split('\n')
  const line = lines.find((each) => /Error/.test(each)) ?? lines.at(-1) ?? ''
  const how = signal === null ? `with code ${code}` : `by ${signal}`
  return `its process ended ${how}${line && ` (${line.trim().slice(0, 300)})`}.`
}
