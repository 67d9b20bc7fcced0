import type { Plugin } from '../../agent/plugin.ts'
import type { Ports } from '../../agent/ports.ts'
import { routerOf } from './resolved-model.ts'
import { scriptedVendor } from './scripted-vendor.ts'

/** Ids of agents that are poison themselves. */
export const BROKEN_WORKFLOW = '00000000-0000-4000-8000-00000000b0b0'
export const THROWS_WHEN_LOADED = '00000000-0000-4000-8000-00000000b0b1'
export const NEVER_LOADED = '00000000-0000-4000-8000-00000000b0b2'

const { promise: held, reject } = Promise.withResolvers<never>()
held.catch(() => undefined)
/** As good as never: a Worker that is shut down waits for its activities. */
const never = () => held
export const endPoison = (): void => reject(new Error('The test is over.'))

const huge = 'x'.repeat(10 * 1024 * 1024)

/** Each is run when a message names it. None listens to its signal. */
const HANDLERS: Readonly<Record<string, () => unknown>> = {
  HANG: never,
  THROW_TEXT: () => Promise.reject('only a text'),
  THROW_NOTHING: () => Promise.reject(null),
  THROW_HOSTILE: () => Promise.reject(Object.create(null)),
  RETURN_HUGE: async () => ({ success: true, text: huge }),
  RETURN_CIRCLE: async () => {
    const circle: Record<string, unknown> = { success: true }
    circle.data = circle
    return circle
  },
  RETURN_BIGINT: async () => ({ success: true, data: { count: 1n } }),
  RETURN_NOTHING: async () => undefined,
}

export const POISONS: readonly string[] = Object.keys(HANDLERS)

const asked = (content: { readonly text?: string }, word: string) =>
  content.text?.includes(word) ?? false

/** A plugin that does everything wrong that it is asked to. */
export const poison: Plugin = {
  name: 'poison',
  description: 'Does what it should not.',
  actions: Object.entries(HANDLERS).map(([name, handler]) => ({
    ...{ name, description: name, effect: 'none' as const },
    handler: handler as () => Promise<{ success: boolean }>, // it breaks the promise on purpose
  })),
  providers: [
    {
      name: 'POISON',
      async get({ message }) {
        if (asked(message.content, 'PROVIDER_HANGS')) return never()
        if (asked(message.content, 'PROVIDER_HUGE')) return { text: huge }
        if (asked(message.content, 'PROVIDER_THROWS_NOTHING')) throw null
        return {}
      },
    },
  ],
  evaluators: [
    {
      name: 'POISON',
      description: 'Never ends.',
      alwaysRun: true,
      validate: ({ message }) => asked(message.content, 'EVALUATOR_HANGS'),
      handler: never,
    },
  ],
}

/** A model that hangs, or chooses the action that the newest message names; and agents that do not load. */
export function poisoned(ports: Ports): Ports {
  const vendor = scriptedVendor(async ({ prompt }) => {
    const [newest = ''] = /^\w*/.exec(prompt.slice(prompt.lastIndexOf('DO:') + 3)) ?? []
    if (newest === 'MODEL_HANGS') return never()
    const actions = newest in HANDLERS ? `REPLY, ${newest}` : 'REPLY'
    return `<response><thought>?</thought><actions>${actions}</actions><text>Done.</text></response>`
  })
  return {
    ...ports,
    models: routerOf(vendor),
    agents: {
      async get(id, ...rest) {
        if (id === THROWS_WHEN_LOADED) throw new Error('Its plugin throws.')
        return id === NEVER_LOADED ? never() : ports.agents.get(id, ...rest)
      },
    },
  }
}
