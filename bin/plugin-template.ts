import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const TEMPLATES = new URL('templates/plugin/', import.meta.url)
const PROGRAM = fileURLToPath(new URL('..', import.meta.url))

/** Files of a new plugin, by the template that each is made from. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': 'package.json.txt',
  'src/index.ts': 'index.ts.txt',
  'character.json': 'character.json.txt',
  'build.js': 'build.js.txt',
  'tsconfig.json': 'tsconfig.json.txt',
  'README.md': 'README.md.txt',
  '.gitignore': 'gitignore.txt',
}

/** Writes a new plugin into `folder`, which must be there. Returns the files, relative to it. */
export function writePluginTemplate(folder: string, name: string): readonly string[] {
  const program = relative(folder, PROGRAM).split(sep).join('/').replace(/\/$/, '')
  for (const [file, template] of Object.entries(FILES)) {
    const text = readFileSync(new URL(template, TEMPLATES), 'utf8')
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    const filled = text.replaceAll('{{name}}', name).replaceAll('{{program}}', program)
    writeFileSync(join(folder, file), filled, { flag: 'wx' })
  }
  return Object.keys(FILES)
}
