import type { ElizaAction, ElizaCallback, ElizaMemory, ElizaState } from '../contract.ts'
import type { Runtime } from '../runtime.ts'
import { parseParameters } from './parse-parameters.ts'
import { type ListedParameter, listParameters } from './schema-parameters.ts'
import { isMembered, isStandardSchema, type StandardSchema } from './standard-schema.ts'

export interface ActionDefinition<Parameters> {
  /** In capitals, as models call it: `GET_WEATHER`. */
  readonly name: string
  /** For the model: what it does, and when. */
  readonly description: string
  /** Other names a model may use for it. */
  readonly similes?: readonly string[]
  /** Conversations for the prompt. */
  readonly examples?: ElizaAction['examples']
  /** An object schema of zod, or of any library that speaks Standard Schema. @default no parameters */
  readonly parameters?: StandardSchema<Parameters>
  /**
   * What repeating the handler does to the world. `once`: an attempt that was cut off is not repeated;
   * `idempotent`: it is, with the same `key`; `none`: it only reads, or writes through the runtime.
   * @default 'once'
   */
  readonly effect?: 'none' | 'idempotent' | 'once'
  /** Whether somebody must agree first. @default false */
  readonly requiresApproval?:
    | boolean
    | ((parameters: Readonly<Record<string, unknown>>) => boolean | Promise<boolean>)
  /** Whether it is offered for this message. @default always */
  readonly validate?: (asked: Asked) => boolean | Promise<boolean>
  readonly handler: (call: ActionCall<Parameters>) => Handled | Promise<Handled>
}

export interface Asked {
  readonly runtime: Runtime
  readonly message: ElizaMemory
  readonly state: ElizaState
}

export interface ActionCall<Parameters> extends Asked {
  /** Checked, and as the schema makes them. */
  readonly parameters: Parameters
  /** Says something in the room. It appears when the action has ended. */
  readonly callback: ElizaCallback
  /** Results of the actions that ran before in this turn, oldest first. */
  readonly previous: readonly DefinedResult[]
  /** For the idempotency key of an outside service: the same in every attempt of this decision. */
  readonly key: string
  /** Aborted when the turn is cancelled or the time is up. */
  readonly signal: AbortSignal
}

export interface DefinedResult {
  readonly success: boolean
  readonly text?: string
  readonly values?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** A text stands for a success that says it in the result; nothing, for a success without words. */
export type Handled = DefinedResult | string | undefined

/** An action of ElizaOS's contract, for Turnkeeper and for ElizaOS 1.7 alike. */
export interface DefinedAction extends ElizaAction {
  readonly parameters: readonly ListedParameter[]
  readonly validate: NonNullable<ElizaAction['validate']>
  readonly handler: (...call: HandlerArguments) => Promise<DefinedResult>
}
type HandlerArguments = Parameters<ElizaAction['handler']>

/**
 * An action with typed, checked parameters. What does not fit the schema never reaches the handler: the
 * action fails with a sentence that names the field, which the model reads.
 * @throws {TypeError} without a name or a handler, or with something else than a schema
 */
export function defineAction<Parameters = Readonly<Record<string, never>>>(
  definition: ActionDefinition<Parameters>,
): DefinedAction {
  const { parameters: schema, validate, handler, effect = 'once', ...rest } = definition
  checkDefinition(definition)
  const listed = schema ? listParameters(schema) : []
  return {
    ...rest,
    effect,
    parameters: listed,
    validate: async (runtime, message, state) =>
      validate ? validate(asked(runtime, message, state)) : true,
    handler: async (runtime, message, state, options = {}, callback) => {
      const given = givenParameters(definition.name, options, state)
      const parsed = schema
        ? await parseParameters(schema, listed, given)
        : { value: {} as Parameters } // without a schema `Parameters` is its default, an empty object
      if ('error' in parsed) return refused(definition.name, parsed.error)
      const call = callOf(definition.name, { message, options, callback })
      return resultOf(
        await handler({ ...asked(runtime, message, state), ...call, parameters: parsed.value }),
      )
    },
  }
}

type Unchecked = Readonly<Record<'name' | 'handler', unknown>> & { readonly parameters?: unknown }

function checkDefinition({ name, handler, parameters }: Unchecked): void {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new TypeError("defineAction needs a name: { name: 'GET_WEATHER', … }.")
  }
  if (typeof handler !== 'function') {
    throw new TypeError(`The action '${name}' has no handler: give it a function.`)
  }
  if (parameters === undefined || isStandardSchema(parameters)) return
  throw new TypeError(
    `The parameters of the action '${name}' are no schema: give z.object({ … }), or another Standard Schema.`,
  )
}

const asked = (runtime: Runtime, message: ElizaMemory, state: ElizaState | undefined): Asked => ({
  runtime,
  message,
  state: state ?? { values: {}, data: {}, text: '' },
})

/** Turnkeeper and ElizaOS 2.x give them in the options, ElizaOS 1.x in the state. */
function givenParameters(
  name: string,
  options: Record<string, unknown>,
  state: ElizaState | undefined,
): unknown {
  const found = options.parameters ?? state?.data?.actionParams ?? {}
  const own = isMembered(found) ? found[name] : undefined
  return isMembered(own) ? own : found
}

interface Called {
  readonly message: ElizaMemory
  readonly options: Record<string, unknown>
  readonly callback: ElizaCallback | undefined
}

function callOf(name: string, { message, options, callback }: Called) {
  const { actionContext, key, signal = options.abortSignal } = options
  const previous = isMembered(actionContext) ? actionContext.previousResults : undefined
  return {
    callback: callback ?? (async () => []),
    // ElizaOS's own results, which have this shape.
    previous: Array.isArray(previous) ? (previous as readonly DefinedResult[]) : [],
    // ElizaOS has no keys; there, one message carries out an action once.
    key: typeof key === 'string' ? key : `${message.id ?? message.roomId}:${name}`,
    signal: signal instanceof AbortSignal ? signal : new AbortController().signal,
  }
}

function resultOf(handled: Handled): DefinedResult {
  if (handled === undefined) return { success: true }
  return typeof handled === 'string' ? { success: true, text: handled } : handled
}

const refused = (name: string, error: string): DefinedResult => ({
  success: false,
  text: `The parameters of ${name} do not fit: ${error}`,
  error,
})
