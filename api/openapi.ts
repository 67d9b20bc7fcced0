import type { OpenAPIHono } from '@hono/zod-openapi'

const DESCRIPTION = `Every message turn is a durable workflow: an accepted message reaches exactly one
outcome, whatever process dies in between. The contract is that of ElizaOS, with turns beside it.
Ids are UUIDs, times are milliseconds since the epoch.`

const TAGS = [
  { name: 'Messages', description: 'Saying something, and reading what was said.' },
  { name: 'Channels', description: 'Where people and agents meet.' },
  { name: 'Agents', description: 'Characters that run.' },
  { name: 'Plugins', description: 'What agents have besides what is built in.' },
  { name: 'Turns', description: 'What an agent made of one message.' },
  { name: 'Dead letters', description: 'Turns that ended badly, for whoever operates.' },
  { name: 'Approvals', description: 'Actions that wait until somebody agrees.' },
  { name: 'Audio', description: 'Speech written down, and texts said.' },
  { name: 'Models', description: 'Who answers, and what keeps calls from vendors.' },
  { name: 'Server', description: 'What runs here.' },
  { name: 'Health', description: 'For probes; no key needed.' },
]

/** Of `/openapi.json`, which is also what the docs page shows. */
export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

export function describeApi(app: OpenAPIHono, version: string, needsKey: boolean): ApiDocument {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Turnkeeper',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    // An empty requirement says that the key is optional: this server has none.
    security: [{ apiKey: [] }, { bearer: [] }, ...(needsKey ? [] : [{}])],
  })
}

/** How a caller shows its key. Registered once per app. */
export function registerSecurity({ openAPIRegistry }: OpenAPIHono): void {
  openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-KEY',
    description: 'The value of ELIZA_SERVER_AUTH_TOKEN, when the server has one.',
  })
  openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'The same value, as Authorization: Bearer.',
  })
}
