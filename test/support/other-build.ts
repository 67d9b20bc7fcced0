import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** No part of the program. */
const LEFT_OUT = ['node_modules', 'test', 'docs', 'bench', 'characters']

/** Behind this line of `turn.ts` the other build pauses. */
const ADMITTED = '  const admission = await kept(steps.admit)\n'

export interface OtherBuild {
  /** Its launcher. */
  readonly program: string
  remove(): Promise<void>
}

/**
 * A copy of the project whose `turnWorkflow` has one more step, a pause of a millisecond: neither build
 * can replay what the other one did.
 */
export async function otherBuild(): Promise<OtherBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-build-'))
  const parts = (await readdir(ROOT)).filter(
    (name) => !name.startsWith('.') && !LEFT_OUT.includes(name),
  )
  for (const part of parts) await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await pauseAfterAdmission(join(folder, 'workflows', 'turn.ts'))
  return {
    program: join(folder, 'bin', 'turnkeeper.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

async function pauseAfterAdmission(file: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  if (!text.includes(ADMITTED)) throw new Error(`'${ADMITTED}' does not stand in turn.ts any more.`)
  const edited = text.replace(ADMITTED, `${ADMITTED}  await sleep(1)\n`)
  await writeFile(file, `import { sleep } from '@temporalio/workflow'\n${edited}`)
}
