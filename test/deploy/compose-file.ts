import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const projectFile = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8')

const condition = z.enum(['service_healthy', 'service_completed_successfully'])

/** What we use of Compose; an unknown key is a slip of ours and fails the parse. */
const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  user: z.string(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  deploy: z.strictObject({ replicas: z.number() }).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition })).optional(),
  healthcheck: z.union([
    z.strictObject({ disable: z.literal(true) }),
    z.strictObject({
      test: z.array(z.string()),
      interval: z.string(),
      timeout: z.string(),
      start_period: z.string(),
      retries: z.number(),
    }),
  ]),
})
export type Service = z.output<typeof service>

const composeFile = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.object({})),
})

/** `docker-compose.yml` with its anchors and merges resolved, and the defaults of what is optional. */
export function readCompose(): z.output<typeof composeFile> {
  const text = projectFile('docker-compose.yml').replace(/\$\{[A-Z_]+:-([^}]+)\}/g, '$1')
  return composeFile.parse(parse(text, { merge: true }))
}

/** Names that the file takes from outside, with what stands behind them (`:?message`, `:-default`). */
export function interpolations(): readonly { readonly name: string; readonly rest: string }[] {
  const code = projectFile('docker-compose.yml').replace(/^\s*#.*$/gm, '')
  return [...code.matchAll(/\$\{([A-Z_]+)([^}]*)\}/g)].map(([, name = '', rest = '']) => ({
    name,
    rest,
  }))
}
