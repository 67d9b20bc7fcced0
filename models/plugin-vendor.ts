import { ModelError } from '../agent/errors.ts'
import type {
  GenerateOptions,
  ModelHandler,
  ModelRequest,
  ModelResult,
  ModelVendor,
} from '../agent/models.ts'
import { readImages, readSound, readText, readVector } from './plugin-answer.ts'
import { textParams } from './plugin-params.ts'
import { redactKeys } from './redact-keys.ts'
import { untilAborted } from './until-aborted.ts'
import { WrongShapeError } from './wrong-shape.ts'

/**
 * A plugin's own model as a vendor: for the one purpose that its handler is for.
 *
 * @throws {ModelError} from its methods: `model_unavailable` what the handler throws, `model_rejected` an
 * answer that is not of the type's shape. The message names plugin and type.
 */
export function pluginVendor(handler: ModelHandler): ModelVendor {
  const silent = (signal: AbortSignal) => ({ signal, onText: () => undefined })
  const ask = async (params: unknown, options: GenerateOptions) => {
    options.signal.throwIfAborted()
    try {
      return await untilAborted(handler.handler(params, options), options.signal)
    } catch (error) {
      options.signal.throwIfAborted()
      throw failed(handler, error)
    }
  }
  const text = async (params: unknown, options: GenerateOptions): Promise<ModelResult> => {
    const answer = await ask(params, options)
    return readText(answer, handler.purpose, options).catch((error) => {
      options.signal.throwIfAborted()
      throw failed(handler, error)
    })
  }
  return {
    // Ours have no colon in their names.
    name: `plugin:${handler.plugin}`,
    generate: (request: ModelRequest, options) => text(textParams(request), options),
    async embed({ texts }, { signal }) {
      const vectors: (readonly number[])[] = []
      // One after the other: a handler takes one text, and may be one model in this process.
      for (const each of texts) {
        const vector = readVector(await ask({ text: each }, silent(signal)))
        vectors.push(shaped(handler, vector, 'a list of numbers'))
      }
      return { vectors, cost: null }
    },
    async draw({ prompt, size, count = 1 }, { signal }) {
      const answer = await ask({ prompt, count, ...(size && { size }) }, silent(signal))
      return { images: shaped(handler, readImages(answer), "[{ url: '…' }]"), cost: null }
    },
    // A Buffer, as ElizaOS gives it.
    transcribe: ({ audio }, { signal }) => text(Buffer.from(audio), silent(signal)),
    async speak({ text: words, voice, speed }, { signal }) {
      const params = { text: words, ...(voice && { voice }), ...(speed && { speed }) }
      const sound = await readSound(await ask(params, silent(signal)), signal)
      return { ...shaped(handler, sound, 'bytes'), cost: null }
    },
  }
}

function shaped<T>(handler: ModelHandler, answer: T | undefined, expected: string): T {
  if (answer !== undefined) return answer
  throw failed(handler, new WrongShapeError(expected))
}

function failed({ plugin, purpose }: ModelHandler, error: unknown): ModelError {
  if (error instanceof ModelError) return error
  const reason = redactKeys(error instanceof Error ? error.message : String(error), undefined)
  if (error instanceof WrongShapeError) {
    return new ModelError(
      `The plugin '${plugin}' answered ${purpose} in a shape that cannot be used: ${reason}.`,
      { code: 'model_rejected', retryable: false, cause: error },
    )
  }
  return new ModelError(`The plugin '${plugin}' failed to answer ${purpose}: ${reason}`, {
    code: 'model_unavailable',
    retryable: true,
    cause: error,
  })
}
