import type { Caps } from '../../agent/connector.ts'
import type { Connector } from '../../connectors/connector.ts'
import { canFindOwn, LOOPBACK_CAPS, toPlatformCall, toSent } from './loopback-dialect.ts'
import {
  createLoopbackState,
  type LoopbackLimits,
  type Mishap,
  type RecordedCall,
  type Visible,
} from './loopback-state.ts'

export interface LoopbackConnector extends Connector {
  /** What a person in the channel sees, oldest first, after edits and deletes. */
  readonly visible: readonly Visible[]
  /** Calls of `send`, those that showed nothing included. */
  calls(): number
  /** Every call, of `findOwn` too. */
  log(): readonly RecordedCall[]
  /** What happens to the next calls, each once: afterwards all goes well again. */
  readonly mishaps: Mishap[]
}

export interface LoopbackOptions extends LoopbackLimits {
  /** @default 'loopback' */
  readonly source?: string
  readonly account?: string
  /** Over those of `LOOPBACK_CAPS`: a platform with nonces and history. */
  readonly caps?: Partial<Caps>
}

/** A connector and its platform in memory. It receives nothing. */
export function createLoopbackConnector(options: LoopbackOptions = {}): LoopbackConnector {
  const { source = 'loopback', account } = options
  const caps = { ...LOOPBACK_CAPS, ...options.caps }
  const state = createLoopbackState({ maxLength: caps.maxLength, ...options })
  const connector: Connector = {
    ...{ source, account, caps },
    check: async () => [],
    receive: (_sink, _cursor, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      }),
    send: async (op) => toSent(await state.perform(toPlatformCall(op, caps))),
  }
  const findOwn: Connector['findOwn'] = async ({ room, key }) => {
    const found = state.own(room.externalId, key)
    return found ? { id: found.id } : 'absent'
  }
  return {
    ...connector,
    ...(canFindOwn(caps) ? { findOwn } : {}),
    mishaps: state.mishaps,
    calls: () => state.calls.filter(({ op }) => op !== 'findOwn').length,
    log: () => state.calls,
    get visible() {
      return state.visible()
    },
  }
}
