import type { RouteQuestion } from '../plugin-routes-port.ts'

/** What the API itself answers below `/api` and at the top: no plugin takes these away. */
const OURS = [
  ...['agents', 'messaging', 'turns', 'dead-letters', 'approvals', 'audio', 'models', 'media'],
  ...['memory', 'server', 'system', 'spending', 'tee', 'auth'],
]
const OURS_AT_TOP = ['api', 'docs', 'openapi.json', 'metrics', 'health', 'healthz', 'readyz', '']

/**
 * What a request would ask a plugin: `/api/agents/<id>/plugins/<plugin>/…`, `/api/<plugin>/…` or
 * `/<plugin>/…`, as in ElizaOS. Undefined for what is ours.
 */
export function routeQuestion(
  method: string,
  path: string,
  queryAgentId: string | undefined,
): (RouteQuestion & { readonly pathAgentId?: string }) | undefined {
  const nested = /^\/api\/agents\/([^/]+)\/plugins(\/.+)$/.exec(path)
  if (nested) {
    const [, pathAgentId, rest = ''] = nested
    return { method, path: rest, agentId: pathAgentId, pathAgentId }
  }
  const [, first = '', second = ''] = path.split('/')
  if (first === 'api') {
    if (second === '' || OURS.includes(second)) return undefined
    return { method, path: path.slice('/api'.length), agentId: queryAgentId }
  }
  return OURS_AT_TOP.includes(first) ? undefined : { method, path, agentId: queryAgentId }
}
