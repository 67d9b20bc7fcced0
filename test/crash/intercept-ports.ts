import { type Sender, SendFailed } from '../../agent/connector.ts'
import { UnavailableError } from '../../agent/errors.ts'
import type { LedgerCall } from '../../agent/ledger.ts'
import type { GenerateOptions, ModelRequest, ModelRouter, ModelVendor } from '../../agent/models.ts'
import type { Ports } from '../../agent/ports.ts'
import type { TaskRuns } from '../../tasks/task-ports.ts'
import { around, type Failpoints } from './failpoints.ts'
import { nameOf } from './step-names.ts'

/** As `reachable` of bin/ports.ts tells it. */
const unreachable = (what: string) => new UnavailableError(`The answer of '${what}' was lost.`)

const unsent = () => new SendFailed({ kind: 'unknown' })

/** Puts a failpoint before and after every call between the steps and the world. */
export function interceptPorts(
  ports: Ports,
  failpoints: Failpoints,
  role: 'api' | 'worker',
): Ports {
  const put = around(failpoints, unreachable)
  const { turns, journal, ledger, prompts, outbox, connectors, models, tasks } = ports
  return {
    ...ports,
    turns: { ...turns, admit: put('admit', turns.admit), settle: put('settle', turns.settle) },
    prompts: { ...prompts, write: put('compose', prompts.write) },
    journal: {
      ...journal,
      claim: (attempt, options) =>
        put(`${nameOf(options.step)} claim`, journal.claim)(attempt, options),
      finish: (attempt, step, ...rest) =>
        put(`${nameOf(step)} result`, journal.finish)(attempt, step, ...rest),
      once: (attempt, step, result) => put('respond', journal.once)(attempt, step, result),
    },
    ledger: {
      ...ledger,
      open: (call) => put(`${callName(call)} ledger open`, ledger.open)(call),
      complete: (call, ...rest) =>
        put(`${callName(call)} ledger complete`, ledger.complete)(call, ...rest),
      end: put('failed call ledger end', ledger.end),
    },
    outbox: {
      ...outbox,
      lease: put('lease', outbox.lease),
      next: put('outbox row', outbox.next),
      begin: put('send begin', outbox.begin),
      shown: put('mark sent', outbox.shown),
      release: put('release', outbox.release),
    },
    connectors: {
      ...connectors,
      for: (...named) => {
        const sender = connectors.for(...named)
        return sender && interceptSender(sender, failpoints)
      },
    },
    models: interceptModels(models, failpoints),
    ...(tasks && { tasks: { ...tasks, runs: interceptRuns(tasks.runs, put) } }),
    startHead: put(role === 'api' ? 'start' : 'start next', ports.startHead),
  }
}

const interceptRuns = (runs: TaskRuns, put: ReturnType<typeof around>): TaskRuns => ({
  ...runs,
  claim: put('task claim', runs.claim),
  finish: put('task finish', runs.finish),
})

/** A second try in an attempt is the second vendor's. */
const callName = ({ step, try: ordinal }: LedgerCall) => (ordinal > 1 ? 'fallback' : nameOf(step))

const interceptSender = (sender: Sender, failpoints: Failpoints): Sender => ({
  ...sender,
  send: around(failpoints, unsent)('send', sender.send),
})

const interceptModels = (models: ModelRouter, failpoints: Failpoints): ModelRouter => ({
  ...models,
  async chain(purpose, agent) {
    const chain = await models.chain(purpose, agent)
    // The small model is the evaluator's.
    if (purpose !== 'TEXT_LARGE') return chain
    return chain.map((target, index) => ({
      ...target,
      vendor: interceptVendor(target.vendor, failpoints, index > 0 ? 'fallback ' : ''),
    }))
  },
})

/** Each piece of text waits for the points of the one before it, so that their order stays. */
const interceptVendor = (
  vendor: ModelVendor,
  { at }: Failpoints,
  name: '' | 'fallback ',
): ModelVendor => ({
  ...vendor,
  async generate(request: ModelRequest, { signal, onText }: GenerateOptions) {
    await at(`${name}request:before`)
    let passed: Promise<unknown> = Promise.resolve()
    let isFirst = true
    const inOrder = (delta: string) => {
      const first = isFirst
      isFirst = false
      passed = passed.then(async () => {
        if (first) await at(`${name}first token:before`)
        onText(delta)
        if (first) await at(`${name}first token:after`)
      })
    }
    const result = await vendor.generate(request, { signal, onText: inOrder })
    await passed
    await at(`${name}last token:after`)
    return result
  },
})
