import { ModelError } from '../agent/errors.ts'
import type { GenerateOptions, ModelHandler, ModelPurpose } from '../agent/models.ts'
import { TEXT_PURPOSES } from '../schema/model-purposes.ts'
import { type Patience, watchForStall } from './stall-watch.ts'

/** As for vendors on a wire: a text that comes as a whole has as long as the first piece of a stream. */
const PATIENCE: Patience = { firstChunkMs: 90_000, nextChunkMs: 30_000 }

/** The options of a call, and who is told of each piece that arrives. */
export interface Listening extends GenerateOptions {
  heard(): void
}

/**
 * A call of a plugin's handler, answer and stream included, that is given up when it falls silent: foreign
 * code may never settle, and would keep its slot and the turn's time.
 *
 * @throws {ModelError} `model_unavailable`, retryable: it was silent for too long.
 * @throws the signal's reason; whatever else `work` throws.
 */
export async function watchedHandler<T>(
  handler: ModelHandler,
  { signal, onText }: GenerateOptions,
  work: (listening: Listening) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const watch = watchForStall(signal, patienceFor(handler.purpose), (ms) => silent(handler, ms))
  const { heard } = watch
  const hear = (delta: string) => {
    heard()
    onText(delta)
  }
  try {
    return await work({ signal: watch.signal, onText: hear, heard })
  } catch (error) {
    watch.signal.throwIfAborted()
    throw error
  } finally {
    watch.end()
  }
}

const TEXTS: readonly string[] = TEXT_PURPOSES

function patienceFor(purpose: ModelPurpose): Patience {
  // Models that think first are silent for minutes; large pictures take two.
  const times = purpose.startsWith('REASONING_') ? 3 : TEXTS.includes(purpose) ? 1 : 2
  return { ...PATIENCE, firstChunkMs: times * PATIENCE.firstChunkMs }
}

const silent = ({ plugin, purpose }: ModelHandler, ms: number) =>
  new ModelError(
    `The plugin '${plugin}' sent nothing for ${Math.ceil(ms / 1000)} s when it was asked for ` +
      `${purpose}. See whether what it asks itself is up.`,
    { code: 'model_unavailable', retryable: true },
  )
