import { ModelError } from '../agent/errors.ts'
import type {
  GenerateOptions,
  ModelHandler,
  ModelRequest,
  ModelResult,
  ModelUsage,
  ModelVendor,
} from '../agent/models.ts'
import { readImages, readSound, readText, readVector, withHeardPromises } from './plugin-answer.ts'
import { textParams } from './plugin-params.ts'
import { type Listening, watchedHandler } from './plugin-watch.ts'
import { redactKeys } from './redact-keys.ts'
import { asSent } from './several-requests.ts'
import { untilAborted } from './until-aborted.ts'
import { usageSum } from './usage-sum.ts'
import { WrongShapeError } from './wrong-shape.ts'

/**
 * A plugin's own model as a vendor: for the one purpose that its handler is for.
 *
 * @throws {ModelError} from its methods: `model_unavailable` what the handler throws, and its silence;
 * `model_rejected` an answer that is not of the type's shape. The message names plugin and type.
 */
export function pluginVendor(handler: ModelHandler): ModelVendor {
  const ask: Ask = (params, options, read) =>
    watchedHandler(handler, options, async (listening) => {
      const used = usageSum()
      try {
        // It hears of `signal` and `onText`; the clock is ours.
        const { signal, onText } = listening
        const asked = handler.handler(params, { signal, onText, onUsage: used.add })
        const answer = await untilAborted(asked.then(withHeardPromises), signal)
        const result = await read(answer, listening)
        return { result, usage: used.sum() }
      } catch (error) {
        throw failed(handler, error)
      }
    })
  const text = async (params: unknown, options: GenerateOptions): Promise<ModelResult> => {
    const { result, usage } = await ask(params, options, (answer, listening) =>
      readText(answer, handler.purpose, listening),
    )
    return usage && !result.usage ? { ...result, usage } : result
  }
  return {
    // Ours have no colon in their names.
    name: `plugin:${handler.plugin}`,
    generate: (request: ModelRequest, options) => text(textParams(request), options),
    async embed({ texts }, { signal }) {
      const vectors: (readonly number[])[] = []
      const used = usageSum()
      // One after the other: a handler takes one text, and may be one model in this process.
      for (const each of texts) {
        const { result, usage } = await ask({ text: each }, silent(signal), vectorIn)
        vectors.push(result)
        used.add(usage)
      }
      return { vectors, ...used.part(texts.length), cost: null }
    },
    async draw({ prompt, size, count = 1 }, { signal }) {
      const params = { prompt, count, ...(size && { size }) }
      const { result, usage } = await ask(params, silent(signal), imagesIn)
      return { images: result, ...(usage && { usage }), cost: null }
    },
    // A Buffer, as ElizaOS gives it.
    transcribe: ({ audio }, { signal }) => text(Buffer.from(audio), silent(signal)),
    async speak({ text: words, voice, speed }, { signal }) {
      const params = { text: words, ...(voice && { voice }), ...(speed && { speed }) }
      const { result, usage } = await ask(params, silent(signal), soundIn)
      return { ...result, ...(usage && { usage }), cost: null }
    },
  }
}

type Ask = <T>(
  params: unknown,
  options: GenerateOptions,
  read: (answer: unknown, listening: Listening) => Promise<T>,
) => Promise<{ readonly result: T; readonly usage: ModelUsage | undefined }>

const silent = (signal: AbortSignal) => ({ signal, onText: () => undefined })

const vectorIn = async (answer: unknown) => shaped(readVector(answer), 'a list of numbers')
const imagesIn = async (answer: unknown) => shaped(readImages(answer), "[{ url: '…' }]")
const soundIn = async (answer: unknown, listening: Listening) =>
  shaped(await readSound(answer, listening), 'bytes')

function shaped<T>(answer: T | undefined, expected: string): T {
  if (answer !== undefined) return answer
  throw new WrongShapeError(expected)
}

function failed({ plugin, purpose }: ModelHandler, error: unknown): ModelError {
  // What it did before it asked another model may have been billed.
  if (error instanceof ModelError) return asSent(error)
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
