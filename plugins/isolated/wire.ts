import type { Socket } from 'node:net'

/** Of one message, in bytes: documents and vectors fit, what would fill a process does not. */
const MAX_MESSAGE = 8 * 1024 * 1024

/** What a plugin declares, as far as it can be said in JSON. */
export interface Described {
  readonly name: string
  readonly description?: string
  readonly priority?: number
  readonly dependencies?: readonly string[]
  readonly permissions?: unknown
  readonly config?: Readonly<Record<string, unknown>>
  readonly hasInit: boolean
  readonly actions: readonly DescribedMember[]
  readonly providers: readonly DescribedMember[]
  readonly evaluators: readonly DescribedMember[]
  readonly events: readonly string[]
  /** Members that do not work in a process of their own: `services`, `routes` … */
  readonly unsupported: readonly string[]
}

export interface DescribedMember {
  readonly name: string
  readonly hasValidate: boolean
  /** Its other members that are no functions. */
  readonly rest: Readonly<Record<string, unknown>>
}

/** `actions GREET handler`. */
export interface MemberCall {
  readonly list: 'actions' | 'providers' | 'evaluators' | 'events' | 'init'
  readonly name: string
  readonly part: 'validate' | 'handler' | 'get' | 'init'
}

/** To the child. */
export type Order =
  | { readonly kind: 'open'; readonly id: number; readonly plugin: OpenOrder }
  | {
      readonly kind: 'call'
      readonly id: number
      readonly member: MemberCall
      readonly of: readonly unknown[]
    }
  | Reply

export interface OpenOrder {
  /** `file:` URL of the module. */
  readonly entry: string
  /** What its export is likely called. */
  readonly exportNames: readonly string[]
  readonly agentId: string
  readonly character: unknown
  /** What `getSetting` answers. */
  readonly settings: Readonly<Record<string, unknown>>
  /** See `Permissions.hosts`. */
  readonly hosts: readonly string[]
  /** Members of the runtime that are asked of the parent. */
  readonly asked: readonly string[]
}

export type Reply =
  | { readonly kind: 'reply'; readonly id: number; readonly value?: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly error: string }

/** From the child. `call`: within which of the parent's calls. */
export type Report =
  | Reply
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly call: number
      readonly member: string
      readonly of: readonly unknown[]
    }
  | { readonly kind: 'log'; readonly level: string; readonly text: string }

/** Bytes travel as base64; functions and `undefined` stay behind. */
export function written(message: Order | Report): string {
  const text = JSON.stringify(message, (_, value: unknown) => {
    if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
    if (isBufferJson(value)) return { $bytes: Buffer.from(value.data).toString('base64') }
    if (value instanceof Map) return Object.fromEntries(value)
    return typeof value === 'bigint' ? String(value) : value
  })
  if (Buffer.byteLength(text) > MAX_MESSAGE) {
    throw new Error(`What was to be passed on has more than ${MAX_MESSAGE / 1024 / 1024} MiB.`)
  }
  return `${text}\n`
}

/** A Buffer has said what it is before a replacer is asked. */
const isBufferJson = (value: unknown): value is { data: number[] } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'

export const readLine = (line: string): unknown =>
  JSON.parse(line, (_, value: unknown) => {
    const bytes = typeof value === 'object' && value !== null && '$bytes' in value && value.$bytes
    return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : value
  })

/** Calls with each line; `tooLong` once, when one would be longer than a message may be. */
export function readLines(
  socket: Socket,
  onLine: (line: string) => void,
  tooLong: () => void,
): void {
  let pieces: Buffer[] = []
  let length = 0
  socket.on('data', (data: Buffer) => {
    let rest = data
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...pieces, rest.subarray(0, end)])
      pieces = []
      length = 0
      rest = rest.subarray(end + 1)
      onLine(line.toString())
    }
    length += rest.length
    if (length > MAX_MESSAGE) {
      socket.destroy()
      return tooLong()
    }
    if (rest.length > 0) pieces.push(rest)
  })
}
