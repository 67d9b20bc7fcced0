import { ConnectorError } from '../../agent/errors.ts'
import type { Connector } from '../../agent/ports.ts'
import type { SendCall } from './platform.ts'

export const PLATFORM = 'loopback'

/** A client of `platform.ts`, as connectors to chat platforms are. */
export const platformConnector = (url: string, process: string): Connector => ({
  source: PLATFORM,
  async send({ key, channelId, content }, signal) {
    const call: SendCall = { key, channelId, text: content.text ?? '', process }
    try {
      const answer = await fetch(`${url}/send`, {
        method: 'POST',
        body: JSON.stringify(call),
        signal,
      })
      await answer.text()
      return { platformMessageId: key }
    } catch (error) {
      signal.throwIfAborted()
      throw new ConnectorError('The connection broke.', { kind: 'retryable', cause: error })
    }
  },
})
