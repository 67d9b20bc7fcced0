import type { Point } from './points.ts'

export type Fault =
  | 'kill'
  | 'kill, no sweeper'
  | 'pause'
  | 'cut Postgres'
  | 'cut Temporal'
  | 'cut vendor'
  | 'lost answer'
  | 'duplicate'

/** In the order of the page's columns. */
export const FAULTS: readonly { readonly name: Fault; readonly means: string }[] = [
  { name: 'kill', means: '`kill -9` of the process; another one is started in its place' },
  {
    name: 'kill, no sweeper',
    means:
      'the same while no process sweeps, so that the next accept or settle must start the head',
  },
  {
    name: 'pause',
    means:
      'SIGSTOP; a worker sleeps until the others have done its work, and its late writes must come to nothing. ' +
      'An api sleeps 4 s, longer than Postgres keeps its transaction',
  },
  { name: 'cut Postgres', means: "the process's connections to Postgres break, for 1.5 s" },
  { name: 'cut Temporal', means: "the process's connections to Temporal break, for 3 s" },
  { name: 'cut vendor', means: 'the connection to the model breaks' },
  { name: 'lost answer', means: 'the call was carried out, and its caller gets an error' },
  { name: 'duplicate', means: 'the platform delivers the message again, twice at once' },
]

/** Where the head of a room would wait for a sweep. */
const STARTS = [
  'accept:commit-after',
  'start:before',
  'settle:commit-before',
  'settle:commit-after',
  'start next:before',
]
/** Where a broken wire to Temporal meets something else than at the point before. */
const TEMPORAL = [
  ...['start:before', 'admit:after', 'compose:after', 'request:sent', 'decide result:after'],
  ...['once effect:done', 'once result:after', 'idempotent result:after', 'settle:commit-after'],
  ...['start next:before', 'send:shown', 'mark sent:after', 'deliver result:after'],
  'evaluate result:after',
]
const VENDOR = ['request:sent', 'first token:before', 'last token:after']

/** Points that are no answers: the stub and the platform see them, or nobody waits for one. */
const NO_ANSWER = [
  'provider request:sent',
  ...['request:sent', 'first token:after', 'last token:after'],
  ...['once effect:after', 'idempotent effect:after'],
  ...['fallback request:sent', 'fallback first token:after'],
]

export function appliesAt(fault: Fault, { name, needsPlugins }: Point): boolean {
  switch (fault) {
    case 'kill':
    case 'pause':
      return true
    case 'duplicate':
      return !needsPlugins // nothing of it is theirs
    case 'kill, no sweeper':
      return STARTS.includes(name)
    case 'cut Postgres':
      return /before$/.test(name) && name !== 'first token:before'
    case 'cut Temporal':
      return TEMPORAL.includes(name)
    case 'cut vendor':
      return VENDOR.includes(name)
    case 'lost answer':
      return /(after|done|shown)$/.test(name) && !NO_ANSWER.includes(name)
  }
}
