import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Plan, plan } from './plan.ts'

const NAME = 'plan.json'

export async function savePlan(folder: string, made: Plan): Promise<void> {
  await writeFile(join(folder, NAME), planText(made))
}

export const planText = (made: Plan): string => `${JSON.stringify(made, undefined, 1)}\n`

/** Of a folder that a run left behind, or of a file. @throws when it is no plan of this version. */
export async function loadPlan(path: string): Promise<Plan> {
  const file = (await stat(path)).isDirectory() ? join(path, NAME) : path
  const read = plan.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (read.success) return read.data
  const { path: where = [], message = '' } = read.error.issues[0] ?? {}
  throw new Error(`'${file}' is no plan of this fuzzer: ${where.join('.')}: ${message}`)
}
