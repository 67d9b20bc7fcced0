import { z } from 'zod'
import { OVERLAP_POLICIES } from '../../schema/turn.ts'

/** Everything that a run decides beforehand. Times are milliseconds since its start. */

/** What a platform can tell of a message that it was given before; `own`: no platform, our own clients. */
const SOURCES = ['own', 'nonce', 'reserve', 'none'] as const
export type Source = (typeof SOURCES)[number]

const ms = z.int().min(0)
const at = { at: ms }

/** How the vendor takes one call. */
const mood = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('good'), firstMs: ms, tokenMs: ms, usage: z.boolean() }),
  z.object({ kind: z.literal('pause'), afterFirstMs: ms }),
  z.object({ kind: z.literal('cut'), afterChunks: ms }),
  z.object({ kind: z.literal('status'), status: z.int(), retryAfterS: ms.optional() }),
  z.object({ kind: z.literal('refuse') }),
  z.object({ kind: z.literal('garbage'), text: z.string() }),
])
export type Mood = z.infer<typeof mood>

const room = z.object({
  name: z.string(),
  /** Indexes of the agents that hear it. */
  agents: z.array(z.int()),
  source: z.enum(SOURCES),
})
export type PlannedRoom = z.infer<typeof room>

const approval = z.object({
  decision: z.enum(['approve', 'deny']),
  afterMs: ms,
  /** The other decision, at once and by the other api: one of the two must stand. */
  isContested: z.boolean(),
})
export type PlannedApproval = z.infer<typeof approval>

const say = z.object({
  ...at,
  kind: z.literal('say'),
  /** Tells the message in every text that speaks of it: `m17`. */
  id: z.string(),
  room: z.int(),
  person: z.int(),
  /** Which api process it goes to first. */
  api: z.int(),
  text: z.string(),
  overlap: z.enum(OVERLAP_POLICIES),
  transport: z.enum(['websocket', 'http', 'sse']),
  /** When it is delivered once more under its id, after the first time. */
  repeats: z.array(z.object({ afterMs: ms, api: z.int() })),
  /** Names of actions, as the model decides. */
  actions: z.array(z.string()),
  /** Of the calls that answer it, in their order; all further ones go well. */
  moods: z.array(mood),
  /** Null: nobody answers before the end. */
  approval: approval.nullable(),
})
export type Say = z.infer<typeof say>

const cancel = z.object({
  ...at,
  kind: z.literal('cancel'),
  message: z.string(),
  api: z.int(),
  partial: z.enum(['keep', 'retract']),
})
const letter = z.object({
  ...at,
  kind: z.literal('letter'),
  /** What becomes of the oldest turn that ended badly, if there is one. */
  act: z.enum(['retry', 'skip']),
  edits: z.boolean(),
  api: z.int(),
})

const fault = z.discriminatedUnion('fault', [
  z.object({ fault: z.literal('kill'), who: z.string(), downMs: ms }),
  z.object({ fault: z.literal('term'), who: z.string(), downMs: ms }),
  z.object({ fault: z.literal('pause'), who: z.string(), forMs: ms }),
  z.object({
    fault: z.literal('cut'),
    who: z.string(),
    wire: z.enum(['postgres', 'temporal']),
    forMs: ms,
  }),
  z.object({
    fault: z.literal('postgres'),
    how: z.enum(['immediate', 'fast', 'freeze']),
    forMs: ms,
  }),
  z.object({ fault: z.literal('temporal'), how: z.enum(['stop', 'kill']), forMs: ms }),
  /** The platforms lose answers, or are slow. */
  z.object({ fault: z.literal('platform'), how: z.enum(['lose', 'slow']), forMs: ms }),
])
export type Fault = z.infer<typeof fault>

const faultOp = z.object({ ...at, kind: z.literal('fault'), what: fault })

const op = z.discriminatedUnion('kind', [say, cancel, letter, faultOp])
export type Op = z.infer<typeof op>
export type Cancel = z.infer<typeof cancel>
export type Letter = z.infer<typeof letter>

export const plan = z.object({
  /** Of this format. */
  version: z.literal(1),
  seed: z.int(),
  /** How long there are messages and faults. */
  forMs: ms,
  rooms: z.array(room),
  /** Of calls of the small model, in the order of their arrival, again and again. */
  smallMoods: z.array(mood),
  ops: z.array(op),
})
export type Plan = z.infer<typeof plan>

export const isSay = (given: Op): given is Say => given.kind === 'say'

export const APIS = 2
/** Processes, as faults name them. */
export const CREW = ['api-1', 'api-2', 'worker-1', 'worker-2'] as const
