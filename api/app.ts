import { OpenAPIHono } from '@hono/zod-openapi'
import { except } from 'hono/combine'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { allowCors, checkHost, checkOrigin, requireToken } from './access.ts'
import type { ApiDeps } from './deps.ts'
import { createDocsPage } from './docs-page.ts'
import { endpointNotFound, toHttpError } from './errors.ts'
import { limitBody, readJsonBody } from './json-body.ts'
import { describeApi, registerSecurity } from './openapi.ts'
import { pluginRoutes } from './plugin-routes/plugin-routes.ts'
import { sentPastHono } from './plugin-routes/sent-past-hono.ts'
import { isRecording, limitRecording } from './recording.ts'
import { createAgentRoutes } from './routes/agents.ts'
import { createApprovalRoutes } from './routes/approvals.ts'
import { createAudioRoutes } from './routes/audio.ts'
import { createChannelRoutes } from './routes/channels.ts'
import { createDeadLetterRoutes } from './routes/dead-letters.ts'
import { createForkRoutes } from './routes/forks.ts'
import { createHealthRoutes } from './routes/health.ts'
import { createMessageRoutes } from './routes/messages.ts'
import { createMetricsRoutes } from './routes/metrics.ts'
import { createModelRoutes } from './routes/models.ts'
import { createPluginRoutes } from './routes/plugins.ts'
import { createServerRoutes } from './routes/server.ts'
import { createSpendingRoutes } from './routes/spending.ts'
import { createTaskRoutes } from './routes/tasks.ts'
import { createTurnRoutes } from './routes/turns.ts'
import { refuseInvalid } from './validation.ts'

/** The HTTP API. Serve its `fetch`; nothing in it runs until a request comes. */
export function createApp(deps: ApiDeps) {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid, strict: false })
  app.onError(toHttpError(deps.log))
  app.notFound(endpointNotFound)
  guard(app, deps)
  const routes = app
    .route('/', createHealthRoutes(deps))
    .route('/api/agents', createAgentRoutes(deps))
    .route('/api/agents', createSpendingRoutes(deps))
    .route('/api/agents', createTaskRoutes(deps))
    .route('/api/agents', createPluginRoutes(deps))
    .route('/api/messaging', createChannelRoutes(deps))
    .route('/api/messaging', createMessageRoutes(deps))
    .route('/api/turns', createTurnRoutes(deps))
    .route('/api/turns', createForkRoutes(deps))
    .route('/api/dead-letters', createDeadLetterRoutes(deps))
    .route('/api/approvals', createApprovalRoutes(deps))
    .route('/api/audio', createAudioRoutes(deps))
    .route('/api/models', createModelRoutes(deps))
    .route('/api', createServerRoutes(deps))
    .route('/', createMetricsRoutes(deps))
  document(app, deps)
  return routes
}

/** For `hono/client`: a wrong path or body does not compile. */
export type ApiApp = ReturnType<typeof createApp>

/** Order matters: what is cheap and tells nothing comes before what reads a body. */
function guard(app: OpenAPIHono, deps: ApiDeps): void {
  const { settings } = deps
  const { authToken, corsOrigin, maxBodyBytes } = settings
  app.use(sentPastHono, requestId())
  // No HSTS: TLS, where there is any, belongs to the proxy in front.
  app.use(secureHeaders({ strictTransportSecurity: false, xFrameOptions: 'DENY' }))
  app.use(checkHost(settings), checkOrigin(settings))
  if (corsOrigin) app.use('/api/*', allowCors(corsOrigin))
  if (authToken) app.use('/api/*', requireToken(authToken))
  if (authToken) app.use('/metrics', requireToken(authToken))
  app.use(pluginRoutes({ ...deps, requireToken: authToken ? requireToken(authToken) : undefined }))
  const readJson = except(isRecording, limitBody(maxBodyBytes), readJsonBody)
  app.on(['POST', 'PUT', 'PATCH'], '/api/*', readJson, limitRecording)
}

function document(app: OpenAPIHono, { settings }: ApiDeps): void {
  registerSecurity(app)
  const api = describeApi(app, settings.version, settings.authToken !== undefined)
  app.get('/openapi.json', (c) => c.json(api))
  app.get('/docs', createDocsPage(api))
}
