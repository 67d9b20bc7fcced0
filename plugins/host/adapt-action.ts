import type { Action, ActionContext, ActionEffect, ActionResult } from '../../agent/action.ts'
import type { ElizaAction } from '../contract.ts'
import { parseParameters } from '../define/parse-parameters.ts'
import { listParameters } from '../define/schema-parameters.ts'
import { isStandardSchema } from '../define/standard-schema.ts'
import type { MemberScope } from '../scope.ts'
import { actionOptions, responsesOf, withParameters } from './action-options.ts'
import { actionResultOf } from './action-result.ts'
import { examplesOf, parametersOf, textOf, textsIn } from './action-words.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { bufferedCallback } from './callback.ts'
import { elizaMemory, elizaState } from './eliza-shapes.ts'
import { memberOf } from './isolate.ts'
import { isObject } from './plain-json.ts'
import { turnScopeOf } from './turn-scope.ts'
import { askValidate } from './validate.ts'

export interface OfPlugin {
  readonly plugin: string
  /** The plugin has a service that holds a socket. */
  readonly needsGateway?: boolean
}

const EFFECTS: readonly unknown[] = ['none', 'idempotent', 'once']

const isEffect = (given: unknown): given is ActionEffect => EFFECTS.includes(given)

/** A foreign action as one of ours. Its effect is `once`, unless it says otherwise. */
export function adaptAction(
  ports: AdaptPorts,
  own: ElizaAction,
  { plugin, needsGateway = false }: OfPlugin,
): Action {
  const { name, requiresApproval, approvableBy } = own
  return {
    name,
    description: textOf(own.description),
    similes: textsIn(own.similes),
    examples: examplesOf(own.examples),
    effect: isEffect(own.effect) ? own.effect : 'once',
    isForeign: true,
    ...(needsGateway && { needsGateway }),
    parameters: parametersOf(own.parameters),
    ...approvalOf(requiresApproval),
    ...((approvableBy === 'admin' || approvableBy === 'anyone') && { approvableBy }),
    validate: (context, state) =>
      askValidate(ports, own.validate, {
        plugin,
        of: memberOf({ kind: 'action', name }),
        context,
        state,
      }),
    handler: (context) => handled(ports, own, { plugin, context }),
  }
}

/** Whatever else it is counts as a yes. */
function approvalOf(given: unknown): Pick<Action, 'requiresApproval'> {
  if (given === undefined || given === null || given === false) return {}
  if (typeof given !== 'function') return { requiresApproval: true }
  return {
    requiresApproval: async (parameters) => (await given(structuredClone(parameters))) !== false,
  }
}

async function handled(
  ports: AdaptPorts,
  own: ElizaAction,
  { plugin, context }: { plugin: string; context: ActionContext },
): Promise<ActionResult> {
  const { name } = own
  const { isolation, agentId, limits, log, redact } = ports
  const parsed = await checkedParameters(own, context)
  if ('error' in parsed) return { success: false, error: parsed.error }
  const given = { ...context, parameters: parsed.value }
  const member = memberOf({ kind: 'action', name })
  let scope: MemberScope | undefined
  const callback = bufferedCallback({
    ...{ context, plugin, member, limit: limits.callbacks, log },
    scope: () => scope,
    onRefused: (error) => isolation.health.note({ plugin, member }, error),
  })
  const result = await isolation.run(
    {
      ...{ plugin, kind: 'action', name, signal: context.signal },
      scope(signal) {
        scope = turnScopeOf({ agentId, plugin, member, context: { ...context, signal }, callback })
        return scope
      },
    },
    (signal) =>
      own.handler(
        ports.runtime(),
        elizaMemory(context.message),
        withParameters(elizaState(context.state), name, given),
        actionOptions(given, signal),
        callback,
        responsesOf(context),
      ),
  )
  return actionResultOf(result, redact)
}

/** A plugin that gives a schema itself, without `defineAction`, gets what fits the schema. */
async function checkedParameters(
  { name, parameters: schema }: ElizaAction,
  { parameters }: ActionContext,
): Promise<{ readonly value: ActionContext['parameters'] } | { readonly error: string }> {
  if (!isStandardSchema(schema)) return { value: parameters }
  const parsed = await parseParameters(schema, listParameters(schema), parameters)
  if ('error' in parsed) return { error: `The parameters of ${name} do not fit: ${parsed.error}` }
  // What a schema makes of JSON may be richer than JSON, such as a date.
  return {
    value: isObject(parsed.value) ? (parsed.value as ActionContext['parameters']) : parameters,
  }
}
