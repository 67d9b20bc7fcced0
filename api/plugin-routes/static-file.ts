import { realpathSync, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join, sep } from 'node:path'
import { sendFile } from './express-response.ts'

/** Serves a STATIC route's file, or the file below its folder. Nothing outside of it is ever served. */
export function serveStatic(
  response: ServerResponse,
  { root, rest }: { readonly root: string; readonly rest: string },
): void {
  const file = fileBelow(root, rest)
  if (file === undefined) return void response.writeHead(404).end()
  sendFile(response, file)
}

function fileBelow(root: string, rest: string): string | undefined {
  try {
    const real = realpathSync(root)
    if (statSync(real).isFile()) return real
    const wanted = realpathSync(join(real, rest === '' ? 'index.html' : rest))
    const isInside = wanted.startsWith(real + sep) // links are resolved: none leads out
    return isInside && statSync(wanted).isFile() ? wanted : undefined
  } catch {
    return undefined // not there, or not to be read
  }
}
