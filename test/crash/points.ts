import type { Role } from './seated.ts'

/** A place between "the platform delivered a message" and "the reply is visible and remembered". */
export interface Point {
  /** As the processes call it. */
  readonly name: string
  readonly role: Role
  /** What stands there, in words. */
  readonly means: string
  /** Only where the first vendor fails, and the second answers. */
  readonly needsFallback?: true
  /** Only in a turn of the agent with plugins. */
  readonly needsPlugins?: true
  /** As the processes call it, where a turn without plugins passes it as well. @default `name` */
  readonly at?: string
}

const api = (name: string, means: string): Point => ({ name, role: 'api', means })
const worker = (name: string, means: string): Point => ({ name, role: 'worker', means })

const aroundCall = (name: string, means: string): readonly Point[] => [
  worker(`${name}:before`, `before ${means}`),
  worker(`${name}:after`, `after ${means}`),
]

const action = (kind: 'once' | 'idempotent'): readonly Point[] => [
  ...aroundCall(`${kind} claim`, `the claim of an action of effect \`${kind}\``),
  worker(`${kind} effect:before`, 'before its effect'),
  worker(`${kind} effect:done`, 'the effect has happened, its answer is under way'),
  worker(`${kind} effect:after`, 'after its effect'),
  worker(`${kind} result:before`, 'before its result is journaled'),
  worker(`${kind} result:commit-before`, 'inside that transaction, before the commit'),
  worker(`${kind} result:after`, 'after its result is journaled'),
]

/** The first vendor has failed; the second one answers in the same attempt. */
const FALLBACK: readonly Point[] = [
  ...aroundCall('failed call ledger end', 'the row of the first vendor is closed'),
  ...aroundCall('fallback ledger open', 'the row of the second vendor is opened'),
  worker('fallback request:sent', 'the second vendor has the request'),
  worker('fallback first token:after', 'its first token is published'),
  ...aroundCall('fallback ledger complete', 'its row is completed'),
].map((point) => ({ ...point, needsFallback: true }))

/** The same places with what plugins write in them, and those that only such a turn passes. */
const PLUGINS: readonly Point[] = [
  ...aroundCall('composeState claim', "the claim of `composeState`, for plugins' providers"),
  worker('provider request:sent', 'a provider of a plugin has asked its model'),
  worker('plugin compose:before', 'before the prompt is stored with what the providers wrote'),
  worker('compose:commit-before', 'inside that transaction, before the commit'),
  worker('plugin compose:after', 'after the prompt and the writes are stored'),
  ...(['once', 'idempotent'] as const).flatMap((kind) => [
    worker(`plugin ${kind} claim:after`, `after the claim of a plugin's action, \`${kind}\``),
    worker(`plugin ${kind} effect:done`, 'it has written, and its effect has happened'),
    worker(`plugin ${kind} result:before`, 'before its result and its writes are stored'),
    worker(`plugin ${kind} result:commit-before`, 'inside that transaction, before the commit'),
    worker(`plugin ${kind} result:after`, 'after its result and its writes are stored'),
  ]),
  ...aroundCall('task claim', "the claim of a plugin's task"),
  worker('task finish:before', "before the task's end and its writes are stored"),
  worker('task finish:commit-before', 'inside that transaction, before the commit'),
  worker('task finish:after', "after the task's end and its writes are stored"),
].map((point) => ({
  ...point,
  needsPlugins: true,
  at: point.name.replace(/^plugin /, ''),
}))

/** In the order in which a turn passes them. */
export const POINTS: readonly Point[] = [
  api('accept:before', 'the message has arrived, nothing is written'),
  api('accept:commit-before', 'inside the transaction of accept, before the commit'),
  api('accept:commit-after', 'accept is committed, nobody has heard of it'),
  api('start:before', 'before the workflow is started'),
  api('start:after', "the workflow is started, Temporal's answer has not arrived"),
  ...aroundCall('admit', 'the turn is taken'),
  ...aroundCall('respond', 'the rules have decided'),
  ...aroundCall('compose', 'the prompt is stored'),
  ...aroundCall('decide claim', 'the claim of `decide`'),
  ...aroundCall('decide ledger open', 'the row of the ledger is opened'),
  worker('request:before', 'before the model is asked'),
  worker('request:sent', 'the vendor has the request'),
  worker('first token:before', 'the first token has arrived'),
  worker('first token:after', 'the first token is published'),
  worker('last token:after', 'the last token has arrived'),
  ...aroundCall('decide ledger complete', 'the row of the ledger is completed'),
  ...FALLBACK,
  ...aroundCall('decide result', 'the decision is journaled'),
  ...action('once'),
  ...action('idempotent'),
  worker('settle:before', 'before the outcome is written'),
  worker('settle:commit-before', 'inside the transaction of settle, before the commit'),
  worker('settle:commit-after', 'settle is committed, nobody has heard of it'),
  worker('start next:before', "before the room's next turn is started"),
  worker('start next:after', "the next turn is started, Temporal's answer has not arrived"),
  ...aroundCall('deliver claim', 'the claim of `deliver`'),
  ...aroundCall('lease', 'the lease of the room'),
  ...aroundCall('outbox row', 'the outbox row is read'),
  ...aroundCall('send begin', 'the outbox row is marked as being sent'),
  worker('send:before', 'before the message is sent'),
  worker('send:shown', 'the platform shows the message, its answer is under way'),
  worker('send:after', 'the platform has answered'),
  ...aroundCall('mark sent', 'the part is marked as sent'),
  ...aroundCall('release', 'the lease is given back'),
  ...aroundCall('deliver result', 'the delivery is journaled'),
  ...aroundCall('evaluate claim', 'the claim of an evaluator'),
  worker('evaluate result:before', "before the evaluator's result is journaled"),
  worker('evaluate result:commit-before', 'inside that transaction, before the commit'),
  worker('evaluate result:after', "after the evaluator's result is journaled"),
  ...PLUGINS,
]
