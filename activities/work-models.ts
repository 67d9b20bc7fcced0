import type { WorkModels } from '../agent/context.ts'
import { ModelAnswerError } from '../agent/errors.ts'
import type { GenerateParams } from '../agent/models.ts'
import type { Json } from '../schema/json.ts'
import { storableJson } from '../schema/text.ts'
import { callModel, type ModelCall } from './call-model.ts'
import type { VendorPorts } from './call-vendor.ts'
import { callDrawing } from './draw.ts'
import { callEmbedding } from './embed.ts'
import { callSpeech } from './speak.ts'
import { callTranscription } from './transcribe.ts'

/** Where a step's calls belong; each call has the next ordinal. */
export type NextCall = () => Omit<ModelCall, 'purpose' | 'params'>

export const workModels = (ports: VendorPorts, next: NextCall): WorkModels => ({
  object: async (purpose, params) => {
    const first = await askForJson(ports, { ...next(), purpose, params })
    const value = first ?? (await askForJson(ports, { ...next(), purpose, params }))
    if (value === undefined) throw noJson(purpose)
    return value
  },
  embed: (texts, dimensions) => callEmbedding(ports, { ...next(), texts, dimensions }),
  draw: (drawing) => callDrawing(ports, { ...next(), drawing }),
  transcribe: (recording) => callTranscription(ports, { ...next(), ...recording }),
  speak: (speech) => callSpeech(ports, { ...next(), speech }),
})

/** Undefined when the answer holds no JSON; models put it into a code block although nobody asked. */
async function askForJson(ports: VendorPorts, call: ModelCall): Promise<Json | undefined> {
  const params: GenerateParams = { ...call.params, json: call.params.json ?? {} }
  const { text } = await callModel(ports, { ...call, params })
  try {
    return storableJson(JSON.parse(insideFence(text)))
  } catch {
    return undefined
  }
}

/** By hand: models that write endless blanks would keep a pattern busy for seconds. */
function insideFence(text: string): string {
  const start = text.indexOf(FENCE)
  const end = start < 0 ? -1 : text.indexOf(FENCE, start + FENCE.length)
  if (end < 0) return text
  const inside = text.slice(start + FENCE.length, end)
  return inside.startsWith('json') ? inside.slice('json'.length) : inside
}

const FENCE = '```'

const noJson = (purpose: string) =>
  new ModelAnswerError(
    'model_answer_unreadable',
    `The model for ${purpose} answered without JSON, twice. Choose one that can, or ask for less at once.`,
  )
