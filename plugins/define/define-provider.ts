import type { ElizaProvider } from '../contract.ts'
import type { Asked } from './define-action.ts'

export interface ProviderDefinition {
  readonly name: string
  readonly description?: string
  /** Only when it is asked for by name. @default false */
  readonly dynamic?: boolean
  /** Never listed to the model. @default false */
  readonly private?: boolean
  /** Ascending order of the texts. @default 0 */
  readonly position?: number
  /** A text is for the prompt. Nothing: it has nothing to say this time. */
  readonly get: (asked: Asked) => Provided | Promise<Provided>
}

export type Provided =
  | {
      readonly text?: string
      /** For placeholders of templates. */
      readonly values?: Readonly<Record<string, unknown>>
      readonly data?: Readonly<Record<string, unknown>>
    }
  | string
  | undefined

/** A provider of ElizaOS's contract. @throws {TypeError} without a name or a `get` */
export function defineProvider({ get, ...rest }: ProviderDefinition): ElizaProvider {
  if (typeof rest.name !== 'string' || rest.name.trim() === '') {
    throw new TypeError("defineProvider needs a name: { name: 'WEATHER', … }.")
  }
  if (typeof get !== 'function') {
    throw new TypeError(`The provider '${rest.name}' has no get: give it a function.`)
  }
  return {
    ...rest,
    get: async (runtime, message, state) => {
      const provided = await get({ runtime, message, state })
      return typeof provided === 'string' ? { text: provided } : (provided ?? {})
    },
  }
}
