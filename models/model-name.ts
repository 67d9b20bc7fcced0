import { ModelError } from '../agent/errors.ts'
import type { ModelPurpose } from '../agent/models.ts'
import { generalNames, modelNames } from '../schema/model-vendors.ts'
import { type ConfiguredVendor, isBrought } from './configured-vendors.ts'
import { type ModelChoice, modelMember, WRITING } from './model-choice.ts'
import { embeddingModel, type OllamaLookup, writingModel } from './ollama-lookup.ts'
import type { SettingValues } from './setting-values.ts'
import { KINDS_OF, VENDORS } from './vendors.ts'

export interface ModelQuestion {
  readonly purpose: ModelPurpose
  readonly values: SettingValues
  /** Names like `LARGE_MODEL` belong to whoever is asked first: others call their models otherwise. */
  readonly isFirst: boolean
  readonly ollama: OllamaLookup
}

/** A vendor, and what was said about it. */
export interface AskedVendor {
  readonly configured: ConfiguredVendor
  readonly choice?: ModelChoice
}

/**
 * What a vendor's model for a purpose is called. Undefined: it offers none.
 *
 * @throws {ModelError} `model_unavailable`: Ollama would have to be asked, and does not answer.
 */
export async function modelOf(
  asked: AskedVendor,
  question: ModelQuestion,
): Promise<string | undefined> {
  const { purpose } = question
  const { configured } = asked
  const named = namedModel(asked, question)
  if (named !== undefined) return named
  if (configured.names.vendor === 'ollama') return pulledModel(configured, question)
  if (configured.isElsewhere && !WRITING.has(purpose)) return undefined
  if (configured.isElsewhere) {
    // A local server often has one model: naming it once is enough.
    const other = purpose.endsWith('SMALL') ? 'TEXT_LARGE' : 'TEXT_SMALL'
    const stand = namedModel(asked, { ...question, purpose: other })
    if (stand !== undefined) return stand
  }
  const { defaults } = VENDORS[configured.names.vendor]
  return KINDS_OF[purpose].map((kind) => defaults[kind]).find((model) => model !== undefined)
}

/** What the agent says, then what the environment says; each with its choice of a vendor first. */
function namedModel(
  { configured, choice }: AskedVendor,
  { purpose, values, isFirst }: ModelQuestion,
): string | undefined {
  const { names } = configured
  const settings = (hasGeneral: boolean) =>
    KINDS_OF[purpose].flatMap((kind) => [
      ...modelNames(names, kind),
      ...(hasGeneral ? generalNames(kind) : []),
    ])
  const isOfAgent = choice?.isOwn === true || isBrought(configured)
  const member = isFirst ? modelMember(purpose, values) : undefined
  const ofMember = member?.vendor === undefined ? member?.model : undefined
  return (
    (choice?.isOwn ? choice.model : undefined) ??
    values.own(settings(isFirst))?.text ??
    ofMember ??
    choice?.model ??
    // The environment's `LARGE_MODEL` was written for a vendor of the environment's choice.
    values.environment(settings(isFirst && !isOfAgent))?.text
  )
}

async function pulledModel(
  { endpoint, host }: ConfiguredVendor,
  { purpose, ollama }: ModelQuestion,
): Promise<string | undefined> {
  if (!WRITING.has(purpose) && purpose !== 'TEXT_EMBEDDING') return undefined
  const models = await ollama(endpoint.baseUrl)
  if (models === undefined) {
    throw new ModelError(
      `Ollama does not answer at ${host}. Start it, or set OLLAMA_API_ENDPOINT to where it runs.`,
      { code: 'model_unavailable', retryable: true },
    )
  }
  const model = purpose === 'TEXT_EMBEDDING' ? embeddingModel(models) : writingModel(models)
  if (model === undefined && WRITING.has(purpose)) {
    throw new ModelError(
      `Ollama at ${host} has no model that writes. Run 'ollama pull' with the name of one.`,
      { code: 'model_unavailable', retryable: false },
    )
  }
  return model
}
