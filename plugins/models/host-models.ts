import type { Agent } from '../../agent/agent.ts'
import type { ModelCalls } from '../../agent/context.ts'
import { ModelError } from '../../agent/errors.ts'
import type { MediaFetcher } from '../../agent/media.ts'
import type { ModelPurpose, ModelRouter } from '../../agent/models.ts'
import { isVendorChoice, splitChoice } from '../../schema/model-choice.ts'
import { MODEL_PURPOSES } from '../../schema/model-purposes.ts'
import type { PermissionGuard } from '../permissions/permission-book.ts'
import { PluginError } from '../plugin-error.ts'
import type { HostModels } from '../runtime-host.ts'
import { currentScope, type MemberScope, outsideScope, workOf } from '../scope.ts'
import { answerPurpose, type PurposeQuestion } from './answer-purpose.ts'
import { modelTypeOf } from './model-types.ts'
import { membersOf, textIn } from './text-params.ts'

/** Calls that may be put to one vendor. */
export interface AskableCalls extends ModelCalls {
  asking?(vendor: string): ModelCalls
}

export interface HostModelPorts {
  /** As it is at each call. */
  agent(): Agent
  /** Calls that belong to no turn: the ledger has them, nothing fences them. */
  readonly outside: AskableCalls
  /** Our own: plugins' tokenizers keep the process busy for a second. */
  readonly tokenizer: {
    encode(text: string, purpose: ModelPurpose): Promise<readonly number[]>
    decode(tokens: readonly number[], purpose: ModelPurpose): Promise<string>
  }
  readonly media: MediaFetcher
  readonly guard: Pick<PermissionGuard, 'host'>
  /** Whether a model would answer: `offeredPurposes`. */
  offers(purpose: ModelPurpose): boolean
  /**
   * A plugin's handler of a type that our models do not have, such as AUDIO, VIDEO or one of its own, in
   * a scope of its own. They are in no ledger.
   */
  handler(
    type: string,
    provider: string | undefined,
  ): ((params: unknown) => Promise<unknown>) | undefined
}

/** ElizaOS's `useModel` on our models. Text is given to `onStreamChunk` once, when it is complete. */
export function createHostModels(ports: HostModelPorts): HostModels {
  const dimensions = createDimensionProbe(ports)
  return {
    async use(type, params, provider) {
      const scope = currentScope()
      const calls = callsOf(scope, ports.outside)
      const answer = await outsideScope(() => {
        const known = modelTypeOf(type)
        if (known.kind === 'own') return askHandler(ports, type, params, provider)
        if (known.kind === 'encode') return encode(ports, params)
        if (known.kind === 'decode') return decode(ports, params)
        const { purpose } = known
        if (purpose === 'TEXT_EMBEDDING' && params == null) return dimensions()
        const question = { ports, scope, purpose, params, calls }
        return askVendor(question, vendorOf(ports.agent(), purpose, provider))
      })
      await tellChunk(params, answer)
      return answer
    },
    has(type) {
      const known = modelTypeOf(type)
      if (known.kind === 'purpose') return ports.offers(known.purpose)
      return known.kind !== 'own' || ports.handler(type, undefined) !== undefined
    },
  }
}

/** The purposes that somebody answers for an agent. */
export async function offeredPurposes(
  models: ModelRouter,
  agent: Agent,
): Promise<ReadonlySet<ModelPurpose>> {
  const offered = await Promise.all(
    MODEL_PURPOSES.map((purpose) =>
      models.chain(purpose, agent).then(
        () => [purpose],
        () => [],
      ),
    ),
  )
  return new Set(offered.flat())
}

/** The step's ledger while its member runs; what comes later belongs to no step. */
function callsOf(scope: MemberScope | undefined, outside: AskableCalls): AskableCalls {
  if (!scope?.turn) return outside
  const { plugin, member, turn } = scope
  if (turn.context.signal.aborted) {
    throw new PluginError(
      plugin,
      `The plugin '${plugin}' (${member}) asked a model after the turn '${turn.runId}' had been given up. ` +
        'It was not asked.',
    )
  }
  return (scope.state === 'open' && workOf(turn)) || outside
}

/** `openai`, when the plugin of that name has no handler, is our own client of that vendor. */
function vendorOf(
  { models }: Agent,
  purpose: ModelPurpose,
  provider: string | undefined,
): string | undefined {
  if (!provider) return undefined
  const isPlugins = models.some((each) => each.plugin === provider && each.purpose === purpose)
  if (isPlugins) return `plugin:${provider}`
  return isVendorChoice(provider) ? splitChoice(provider).vendor : undefined
}

/** ElizaOS falls back to the agent's own model when nobody of the name is there. */
async function askVendor(question: PurposeQuestion, vendor: string | undefined): Promise<unknown> {
  const { calls } = question
  const one = vendor === undefined ? undefined : (calls as AskableCalls).asking?.(vendor)
  if (!one) return answerPurpose(question)
  try {
    return await answerPurpose({ ...question, calls: one })
  } catch (error) {
    const isMissing = error instanceof ModelError && error.code === 'model_not_configured'
    if (!isMissing) throw error
    return answerPurpose(question)
  }
}

async function askHandler(
  { handler }: HostModelPorts,
  type: string,
  params: unknown,
  provider: string | undefined,
): Promise<unknown> {
  const found = handler(type, provider)
  if (found) return found(params)
  throw new ModelError(
    `No model answers '${type}': it is a type of plugins, and none of the agent's plugins has it. ` +
      'Add a plugin that does, or ask for another type.',
    { code: 'model_not_configured', retryable: false },
  )
}

async function encode({ tokenizer }: HostModelPorts, params: unknown): Promise<number[]> {
  const { prompt, text } = membersOf(params)
  const given = textIn(params) ?? textIn(prompt) ?? textIn(text) ?? ''
  return [...(await tokenizer.encode(given, purposeIn(params)))]
}

async function decode({ tokenizer }: HostModelPorts, params: unknown): Promise<string> {
  const { tokens } = membersOf(params)
  const given: unknown = Array.isArray(params) ? params : tokens
  const numbers = Array.isArray(given) ? given.filter((token) => Number.isSafeInteger(token)) : []
  return tokenizer.decode(numbers, purposeIn(params))
}

/** `modelType` of ElizaOS's tokenizer params. */
function purposeIn(params: unknown): ModelPurpose {
  const known = modelTypeOf(textIn(membersOf(params).modelType) ?? 'TEXT_LARGE')
  return known.kind === 'purpose' ? known.purpose : 'TEXT_LARGE'
}

/**
 * ElizaOS asks with null to learn how long vectors are. It is asked outside of the step: whether it was
 * asked before must not change the order of the step's calls.
 */
function createDimensionProbe({ agent, outside }: HostModelPorts): () => Promise<number[]> {
  const known = new WeakMap<Agent, Promise<readonly number[]>>()
  return async () => {
    const asked = agent()
    const probe = known.get(asked) ?? outside.models.embed(['dimension']).then(([one]) => one ?? [])
    known.set(asked, probe)
    probe.catch(() => known.delete(asked))
    return [...(await probe)]
  }
}

async function tellChunk(params: unknown, answer: unknown): Promise<void> {
  const { onStreamChunk } = membersOf(params)
  if (typeof onStreamChunk === 'function' && typeof answer === 'string') await onStreamChunk(answer)
}
