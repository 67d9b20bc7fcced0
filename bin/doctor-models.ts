import { ModelError } from '../agent/errors.ts'
import type { ModelPurpose, ModelRouter, ResolvedModel } from '../agent/models.ts'
import { configuredVendors } from '../models/configured-vendors.ts'
import { misplacedKeys } from '../models/key-shapes.ts'
import { createModelRouter } from '../models/router.ts'
import { settingValues } from '../models/setting-values.ts'
import { createVendorCache } from '../models/vendor-cache.ts'
import { MODEL_PURPOSES } from '../schema/model-purposes.ts'
import type { Finding } from './doctor-checks.ts'

type Values = Readonly<Record<string, string>>
type Chains = ReadonlyMap<ModelPurpose, readonly ResolvedModel[] | ModelError>

/** Which models would be asked, and what looks wrong about them. No vendor is called; Ollama is looked for. */
export async function examineModels(values: Values): Promise<Finding[]> {
  const router = openRouter(values)
  if (router instanceof ModelError) return [refused(router)]
  const chains: Chains = new Map(
    await Promise.all(
      MODEL_PURPOSES.map(async (purpose) => [purpose, await chainOf(router, purpose)] as const),
    ),
  )
  const writes = whoWrites(chains, values)
  return [
    writes,
    ...whoElse(chains),
    ...leftOut(await unusable(values), await problemsOf(router)).filter(
      ({ message }) => message !== writes.message,
    ),
    ...keysOf(values),
    ...unknownModels(chains),
  ]
}

function openRouter(values: Values): ModelRouter | ModelError {
  try {
    return createModelRouter({ modelSettings: values })
  } catch (error) {
    if (error instanceof ModelError) return error
    throw error
  }
}

async function chainOf(router: ModelRouter, purpose: ModelPurpose) {
  try {
    return await router.chain(purpose, { settings: {}, models: [] })
  } catch (error) {
    if (error instanceof ModelError) return error
    throw error
  }
}

const refused = ({ message }: ModelError): Finding => ({ name: 'model', state: 'fail', message })

function whoWrites(chains: Chains, { MODEL_VENDOR: named }: Values): Finding {
  const name = 'model'
  const chain = chains.get('TEXT_LARGE')
  if (!chain || chain instanceof ModelError) return refused(chain ?? NOBODY)
  const [first, ...rest] = chain.map(called)
  if (first === 'eliza/eliza' && named) {
    return {
      name,
      state: 'ok',
      message: `the built-in rule-based ELIZA answers, as MODEL_VENDOR says`,
    }
  }
  if (first === 'eliza/eliza') {
    const advice =
      'Set OPENAI_API_KEY or another key, or OPENAI_BASE_URL for an endpoint of your own.'
    const message = 'none is configured: the built-in rule-based ELIZA answers'
    return { name, state: 'warn', message, advice }
  }
  const behind = rest.length > 0 ? `; when it fails: ${rest.join(', ')}` : ''
  const [{ host } = { host: '' }] = chain
  return { name, state: 'ok', message: `${first} at ${host} is asked${behind}` }
}

const NOBODY = new ModelError('No model answers TEXT_LARGE.', {
  code: 'model_not_configured',
  retryable: false,
})

/** Everything but what the first line says. */
function whoElse(chains: Chains): Finding[] {
  const others = [...chains].filter(([purpose]) => OTHERS.includes(purpose))
  const able = others.flatMap(([purpose, chain]) =>
    chain instanceof ModelError || !chain[0] ? [] : [`${purpose} ${called(chain[0])}`],
  )
  const unable = others.flatMap(([purpose, chain]) =>
    chain instanceof ModelError ? [purpose] : [],
  )
  const none = unable.length > 0 ? [`nobody for ${unable.join(', ')}`] : []
  return [{ name: 'models', state: 'ok', message: [...able, ...none].join('; ') }]
}

const OTHERS: readonly ModelPurpose[] = [
  ...(['TEXT_SMALL', 'TEXT_EMBEDDING', 'IMAGE', 'IMAGE_DESCRIPTION'] as const),
  ...(['TRANSCRIPTION', 'TEXT_TO_SPEECH'] as const),
]

const called = ({ vendor, model }: ResolvedModel) => `${vendor.name}/${model}`

/** A vendor whose settings cannot be used is passed over without a word when another one can be asked. */
async function unusable(values: Values): Promise<Finding[]> {
  const vendors = createVendorCache()
  const findings = configuredVendors(settingValues({}, values)).map(async (configured) => {
    try {
      await vendors.get(configured)
      return []
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      const { label } = configured.names
      const advice = `Until then ${label} is never asked, also when others fail.`
      return [{ name: 'model', state: 'warn' as const, message: error.message, advice }]
    }
  })
  return (await Promise.all(findings)).flat()
}

/** Fallbacks that are named and cannot be asked; a chain that nobody can begin is told elsewhere. */
const problemsOf = (router: ModelRouter): Promise<readonly string[]> =>
  router.describe().then(
    ({ problems = [] }) => problems,
    () => [],
  )

function leftOut(unusable: readonly Finding[], problems: readonly string[]): Finding[] {
  const known = unusable.map(({ message }) => message)
  const others = problems.filter((message) => !known.includes(message))
  return [
    ...unusable,
    ...others.map((message) => ({ name: 'model', state: 'warn' as const, message })),
  ]
}

const keysOf = (values: Values): Finding[] =>
  misplacedKeys(values).map(({ setting, looksLike, belongsIn }) => ({
    ...{ name: 'key', state: 'warn' },
    message: `${setting} holds what looks like a key of ${looksLike}`,
    advice: `If it is one, move it to ${belongsIn}.`,
  }))

/** A name that is not in the list may be new, one's own, or wrong. */
function unknownModels(chains: Chains): Finding[] {
  const written = TEXTS.flatMap((purpose) => {
    const chain = chains.get(purpose)
    return !chain || chain instanceof ModelError ? [] : chain
  })
  const unknown = written.filter(({ card }) => card.price === undefined)
  const byName = new Map(unknown.map((model) => [called(model), model.card.contextTokens]))
  return [...byName].map(([name, context]) => ({
    ...{ name: 'model', state: 'warn' },
    message: `${name} is not in the price list: its cost is unknown, its context is taken for ${context} tokens`,
    advice: 'Check the name, or describe the model in a file that TURNKEEPER_MODEL_PRICES names.',
  }))
}

const TEXTS: readonly ModelPurpose[] = ['TEXT_SMALL', 'TEXT_LARGE', 'TEXT_EMBEDDING']
