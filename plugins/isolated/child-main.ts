import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import { guardNetwork, guardProcesses } from './child-network.ts'
import { callMember, describe, pluginIn } from './child-plugin.ts'
import { childRuntime } from './child-runtime.ts'
import { type OpenOrder, type Order, type Report, readLine, readLines, written } from './wire.ts'

/**
 * The process of one isolated plugin of one agent. It speaks with the parent on descriptor 3, a line of
 * JSON for each message, and ends when the parent is gone. Nothing of ours but this folder can be read.
 */
const PARENT = 3

const calls = new AsyncLocalStorage<number>()
const waiting = new Map<number, PromiseWithResolvers<unknown>>()
const parent = new Socket({ fd: PARENT })
let opened: { plugin: ReturnType<typeof pluginIn>; runtime: Record<string, unknown> } | undefined
let asked = 0

const send = (report: Report): void => void parent.write(written(report))

function ask(member: string, of: readonly unknown[]): Promise<unknown> {
  asked += 1
  const question = Promise.withResolvers<unknown>()
  waiting.set(asked, question)
  try {
    send({ kind: 'ask', id: asked, call: calls.getStore() ?? 0, member, of })
  } catch (error) {
    waiting.delete(asked)
    question.reject(error)
  }
  return question.promise
}

async function open(order: OpenOrder): Promise<unknown> {
  guardProcesses()
  guardNetwork(order.hosts, async (host, port) => {
    const addresses = await ask('@resolve', [host, port])
    return addresses as { address: string; family: number }[] // the parent's own words
  })
  const runtime = childRuntime(order, {
    ask,
    log: (level, text) => send({ kind: 'log', level, text }),
  })
  const plugin = pluginIn(await import(order.entry), order.exportNames)
  opened = { plugin, runtime }
  return describe(plugin)
}

async function carryOut(order: Exclude<Order, { kind: 'reply' }>): Promise<unknown> {
  if (order.kind === 'open') return open(order.plugin)
  if (!opened) throw new Error('The plugin was not opened.')
  const { plugin, runtime } = opened
  const { member, of } = order
  const callback = (content: unknown, files: unknown) => ask('@callback', [content, files])
  // message, state, options, callback, responses: the one function among them is made here.
  const given = of.map((each) => (each === CALLBACK ? callback : each))
  return callMember(plugin, member, given, runtime)
}

/** Stands where a callback was. */
const CALLBACK = '@callback'

async function answer(order: Exclude<Order, { kind: 'reply' }>): Promise<void> {
  const { id } = order
  try {
    const value = await calls.run(id, () => carryOut(order))
    send({ kind: 'reply', id, value })
  } catch (error) {
    send({ kind: 'reply', id, error: error instanceof Error ? error.message : String(error) })
  }
}

readLines(
  parent,
  (line) => {
    const order = readLine(line) as Order // the parent's own words
    if (order.kind !== 'reply') return void answer(order)
    const question = waiting.get(order.id)
    waiting.delete(order.id)
    if ('error' in order) question?.reject(new Error(order.error))
    else question?.resolve(order.value)
    return undefined
  },
  () => process.exit(1),
)
parent.on('close', () => process.exit(0))
parent.on('error', () => process.exit(1))
