import { z } from 'zod'

/** What the API answers about an agent's plugins. */

const time = z.number().meta({ description: 'Milliseconds since the epoch.' })

const pluginFaultView = z
  .object({
    member: z.string().meta({ description: '`provider WEATHER`, `action GREET`, `init`.' }),
    count: z.number(),
    lastError: z.string(),
    lastAt: time,
    openUntil: time.nullable().meta({ description: 'It is left alone until then.' }),
  })
  .meta({ id: 'PluginFault' })

const count = z.number()

export const pluginView = z
  .object({
    asked: z.string().meta({ description: 'As the character names it.' }),
    name: z.string().nullable().meta({ description: 'Its own; null when it was never read.' }),
    version: z.string().nullable(),
    state: z.enum(['loaded', 'failed', 'superseded']),
    reason: z.string().nullable().meta({ description: 'What happened, and what to do.' }),
    members: z.object({
      ...{ actions: count, providers: count, evaluators: count },
      ...{ services: count, models: count, routes: count },
    }),
    faults: z.array(pluginFaultView).readonly(),
  })
  .meta({ id: 'Plugin' })

export const pluginPanel = z
  .object({ name: z.string(), path: z.string().meta({ description: 'With `?agentId=`.' }) })
  .meta({ id: 'PluginPanel' })
