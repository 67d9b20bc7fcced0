import type { AcceptedMessage, NewMessage } from '../../api/deps.ts'
import type { Hearer } from '../../turns/accept.ts'

/** A message that is about to be stored, and who will hear it. */
export interface Arrival {
  readonly message: NewMessage
  readonly hearers: readonly Hearer[]
  /** `api`: over HTTP, by somebody who has shown the key where one is set. `program`: by code of this process. */
  readonly door: 'api' | 'program'
}

/**
 * Whoever stands around the door. `accept` stores the message and queues its turns; it is called at most
 * once, and what is thrown before it refuses the message, of which nothing is stored then. Other messages
 * do not wait meanwhile.
 */
export type Around = (
  arrival: Arrival,
  accept: () => Promise<AcceptedMessage>,
) => Promise<AcceptedMessage>
