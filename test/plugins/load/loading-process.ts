import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ElizaAction, ElizaPlugin } from '../../../plugins/contract.ts'
import { createPluginSource } from '../../../plugins/load/plugin-source.ts'
import type { Loaded, LoadingInput, Step } from './load-in-process.ts'

// The loader as it is in production, with Node's own modules: Jest has others. Reads its steps from stdin.
const { folder, importLimitMs, steps }: LoadingInput = JSON.parse(await text(process.stdin))
const given = new Map<string, ElizaPlugin>([
  ['@elizaos/plugin-given', { name: 'given', init() {} }],
])
const source = createPluginSource({
  projectFolder: folder,
  dataFolder: join(folder, 'data'),
  characterFolders: () => [join(folder, 'characters')],
  given: () => given,
  redact: (words) => words.replaceAll(/sk-\w+/g, '[key]'),
  ...(importLimitMs && { importLimitMs }),
})

async function carryOut(step: Step): Promise<Loaded | undefined> {
  if ('write' in step) {
    mkdirSync(dirname(join(folder, step.write)), { recursive: true })
    writeFileSync(join(folder, step.write), step.text)
    return undefined
  }
  if ('invalidate' in step) {
    source.invalidate(step.invalidate)
    return undefined
  }
  return load(step.load)
}

async function load(asked: string): Promise<Loaded> {
  try {
    const { plugin, version, folder: found } = await source.load(asked)
    const actions = plugin.actions ?? []
    return {
      ...{ name: plugin.name, version, folder: found, description: plugin.description },
      said: await Promise.all(actions.map(({ handler }) => called(handler))),
      watched: source.folders(),
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { error: error.message, kind: error.name }
  }
}

async function called(handler: ElizaAction['handler']): Promise<unknown> {
  const nobody = { agentId: 'a' } as Parameters<typeof handler>[0] // nothing of it is asked here
  return Promise.resolve(handler(nobody, { entityId: 'e', roomId: 'r', content: {} })).catch(String)
}

const results: (Loaded | undefined)[] = []
for (const step of steps) results.push(await carryOut(step))
process.stdout.write(JSON.stringify(results.filter((result) => result !== undefined)))
