import { createReadStream, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { isAbsolute } from 'node:path'
import { pipeline } from 'node:stream'
import { getMimeType } from 'hono/utils/mime'

/** Node's own response with Express's ways to answer, which plugins use beside `writeHead` and pipes. */
export function toExpressResponse(response: ServerResponse): ServerResponse {
  const set = (name: string | Record<string, string>, value?: string) => {
    const pairs = typeof name === 'string' ? [[name, value ?? ''] as const] : Object.entries(name)
    for (const [key, text] of pairs) response.setHeader(key, text)
    return response
  }
  const status = (code: number) => {
    response.statusCode = code
    return response
  }
  const json = (value: unknown) => {
    if (!response.hasHeader('content-type')) set('Content-Type', 'application/json; charset=utf-8')
    return response.end(JSON.stringify(value))
  }
  const send = (value: unknown) => {
    if (value === undefined || value === null) return response.end()
    if (typeof value === 'string' || Buffer.isBuffer(value)) {
      const type =
        typeof value === 'string' ? 'text/html; charset=utf-8' : 'application/octet-stream'
      if (!response.hasHeader('content-type')) set('Content-Type', type)
      return response.end(value)
    }
    return json(value)
  }
  return Object.assign(response, {
    ...{ set, header: set, status, json, send, locals: {} },
    type: (name: string) => set('Content-Type', getMimeType(`x.${name}`) ?? name),
    sendStatus: (code: number) => status(code).end(String(code)),
    redirect: (first: number | string, second?: string) => {
      status(typeof first === 'number' ? first : 302)
      return set('Location', second ?? String(first)).end()
    },
    sendFile: (path: string) => sendFile(response, path),
  })
}

/** @throws an error with the code ENOENT when there is no such file */
export function sendFile(response: ServerResponse, path: string): void {
  if (!isAbsolute(path)) throw new Error(`sendFile needs an absolute path, and got '${path}'.`)
  const info = statSync(path)
  if (!info.isFile()) throw Object.assign(new Error('It is no file.'), { code: 'ENOENT' })
  if (!response.hasHeader('content-type')) {
    response.setHeader('Content-Type', getMimeType(path) ?? 'application/octet-stream')
  }
  response.setHeader('Content-Length', info.size)
  // Also when whoever asked goes away: the file is closed.
  pipeline(createReadStream(path), response, () => undefined)
}
