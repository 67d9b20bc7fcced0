import { ModelError } from '../agent/errors.ts'
import type { ModelPurpose, SamplingParams, VendorLimits } from '../agent/models.ts'
import {
  LIMIT_RULES,
  OLD_SAMPLING_NAMES,
  readNumber,
  SAMPLING_RULES,
} from '../schema/model-settings.ts'
import type { VendorNames } from '../schema/model-vendors.ts'
import type { FoundSetting, SettingValues } from './setting-values.ts'

type SamplingNumber = Exclude<keyof SamplingParams, 'stopSequences'>

const MEMBERS: Readonly<Record<string, SamplingNumber>> = {
  ...{ MAX_TOKENS: 'maxTokens', TEMPERATURE: 'temperature', TOP_P: 'topP', TOP_K: 'topK' },
  ...{ MIN_P: 'minP', SEED: 'seed', REPETITION_PENALTY: 'repetitionPenalty' },
  ...{ FREQUENCY_PENALTY: 'frequencyPenalty', PRESENCE_PENALTY: 'presencePenalty' },
}

/**
 * How answers for a purpose are sampled: `TEXT_LARGE_TEMPERATURE`, else `DEFAULT_TEMPERATURE`, else
 * ElizaOS's older `MODEL_TEMPERATURE`; all of the agent's before all of the environment's.
 *
 * @throws {ModelError} `model_not_configured`: a value is no number, or none that makes sense.
 */
export function samplingOf(purpose: ModelPurpose, values: SettingValues): SamplingParams {
  const params: { -readonly [name in SamplingNumber]?: number } = {}
  for (const [end, rule] of Object.entries(SAMPLING_RULES)) {
    const old = OLD_SAMPLING_NAMES[end]
    const found = values.find([`${purpose}_${end}`, `DEFAULT_${end}`, ...(old ? [old] : [])])
    const member = MEMBERS[end]
    if (found && member) params[member] = numberOf(found, rule)
  }
  return params
}

/** Per process and account. Enough to answer many rooms, too few to use up a machine's sockets. */
const MAX_CONCURRENT = 32

/**
 * An agent that pays with a key of its own has limits of its own.
 *
 * @throws {ModelError} `model_not_configured`: a value is no number, or none that makes sense.
 */
export function limitsOf(
  { prefix }: VendorNames,
  values: SettingValues,
  isOwn: boolean,
): VendorLimits {
  const limit = (end: string) => {
    const name = [`${prefix}_${end}`]
    const found = isOwn ? values.own(name) : values.environment(name)
    const rule = LIMIT_RULES[end]
    return found && rule && numberOf(found, rule)
  }
  const requestsPerMinute = limit('REQUESTS_PER_MINUTE')
  const tokensPerMinute = limit('TOKENS_PER_MINUTE')
  return {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    maxConcurrent: limit('MAX_CONCURRENT') ?? MAX_CONCURRENT,
  }
}

function numberOf(
  { name, text, isOwn }: FoundSetting,
  rule: Parameters<typeof readNumber>[1],
): number {
  const number = readNumber(text, rule)
  if (number !== undefined) return number
  const where = isOwn ? "the agent's settings" : 'the environment'
  throw new ModelError(`${name} is '${text}' in ${where}, expected ${rule.expected}.`, {
    code: 'model_not_configured',
    retryable: false,
  })
}
