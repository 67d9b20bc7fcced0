import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Loaded, loadInProcess, projectOf } from './load-in-process.ts'

const plugin = (name: string, more = '') =>
  `export default { name: '${name}', description: 'of ${name}', actions: [], ${more} }\n`
const manifest = (name: string, more: object = {}) =>
  JSON.stringify({ name, version: '1.2.3', type: 'module', ...more })

const FILES = {
  // By path.
  'one.ts': `const name: string = 'one'\nexport default { name, init() {} }\n`,
  'characters/near.js': plugin('near'),
  'folder/package.json': manifest('my-folder', { exports: { import: './src/index.ts' } }),
  'folder/src/index.ts': `import { sky } from './sky.ts'\nexport default { name: sky, actions: [] }\n`,
  'folder/src/sky.ts': `export const sky: string = 'sky'\n`,
  'built/package.json': manifest('built', {
    exports: { '.': { development: './src/index.ts', default: './dist/index.js' } },
  }),
  'built/src/index.ts': plugin('of-sources'),
  'built/dist/index.js': plugin('of-build'),
  'node_modules/built/package.json': manifest('built', {
    exports: { development: './src/index.ts', default: './dist/index.js' },
  }),
  'node_modules/built/src/index.ts': plugin('of-sources'),
  'node_modules/built/dist/index.js': plugin('of-build'),
  'unbuilt/package.json': manifest('unbuilt', { main: 'dist/index.js' }),
  'unbuilt/src/index.ts': plugin('unbuilt'),
  'common/package.json': JSON.stringify({ name: 'common', main: 'main' }),
  'common/main.js': `Object.defineProperty(exports, '__esModule', { value: true })
exports.default = { name: 'common', providers: [] }\n`,
  'old.cjs': `module.exports = { name: 'old', services: [] }\n`,
  'ours.ts': `import { defineAction, definePlugin, z } from 'turnkeeper/plugin'
const hello = defineAction({
  name: 'HELLO', description: 'x', parameters: z.object({ who: z.string().default('you') }),
  handler: ({ parameters }) => 'Hello ' + parameters.who,
})
export default definePlugin({ name: 'ours', description: '', actions: [hello] })\n`,
  'dynamic.ts': `const { definePlugin } = await import('turnkeeper/plugin')
export const plugin = definePlugin({ name: 'dynamic', events: {} })\n`,
  // By package.
  'node_modules/@elizaos/plugin-rain/package.json': manifest('@elizaos/plugin-rain', {
    exports: {
      './package.json': './package.json',
      '.': { types: './i.d.ts', import: { default: './esm.js' }, require: './cjs.cjs' },
    },
  }),
  'node_modules/@elizaos/plugin-rain/esm.js': plugin('rain'),
  'node_modules/rain/package.json': manifest('rain', { main: 'index.js' }),
  'node_modules/rain/index.js': 'export const drops = 3\n',
  'data/plugins/node_modules/turnkeeper-plugin-snow/package.json': manifest('x', {
    main: './m.js',
  }),
  'data/plugins/node_modules/turnkeeper-plugin-snow/m.js': plugin('snow'),
  'node_modules/@acme/plugin-fog/package.json': manifest('@acme/plugin-fog', { main: 'm.js' }),
  'node_modules/@acme/plugin-fog/m.js': plugin('fog'),
  'node_modules/typed/package.json': manifest('typed', { main: 'index.ts' }),
  'node_modules/typed/index.ts': plugin('typed'),
  // What is exported.
  'several.ts': `export const variantPlugin = { name: 'variant', actions: [] }
export const severalPlugin = { name: 'named', actions: [] }
export default { name: 'default', actions: [] }\n`,
  'my-weather.ts': `export const greet = { name: 'GREET', description: 'x', handler() {} }
export const otherPlugin = { name: 'other', actions: [] }
export const myWeatherPlugin = { name: 'weather', actions: [greet] }\n`,
  'any.ts': `export const greet = { name: 'GREET', description: 'x', handler() {} }
export const somewhere = { name: 'any', actions: [greet] }\n`,
  'factory.ts': `globalThis.calls = 0
export function startServer() { globalThis.calls += 1 }
export const createFactoryPlugin = async () => ({ name: 'made' + globalThis.calls, routes: [] })\n`,
  'factory-default.ts': `export default () => ({ name: 'made', description: 'x' })\n`,
  'described.ts': `export default { name: 'described', description: 'only words' }\n`,
  // What cannot be used.
  'throws.ts': `throw new Error('No key sk-canary was\\n accepted. ' + 'x'.repeat(5000))\n`,
  'throws-text.ts': `throw 'just words'\n`,
  'hangs.ts': 'await new Promise((done) => setTimeout(done, 60_000).unref())\n',
  'factory-hangs.ts': `export default () => new Promise((done) => setTimeout(done, 60_000).unref())\n`,
  'factory-throws.ts': `export default () => { throw new Error('no sk-canary') }\n`,
  'no-plugin.ts':
    'export const a = 1\nexport const b = []\nexport function c() {}\nexport class D {}\n',
  'nothing.ts': 'export {}\n',
  'nameless.ts': 'export default { description: "x", actions: [] }\n',
  'empty-name.ts': 'export default () => ({ name: " ", actions: [] })\n',
  'twice.ts': plugin('twice', `providers: [{ name: 'P', get() {} }, { name: 'P', get() {} }]`),
  'enum.ts': `enum Sky { Blue }\nexport default { name: 'enum', actions: [], sky: Sky.Blue }\n`,
  'broken.ts': 'export default {{\n',
  'lacks.ts': `import 'not-installed-anywhere'\nexport default {}\n`,
  'empty/package.json': manifest('empty'),
  'no-json/package.json': '{',
  'data/uploads/evil.ts': plugin('evil'),
}

describe('a plugin', () => {
  const project = projectOf(FILES)
  const results = new Map<string, Loaded>()
  const asked = [
    ...[
      './one.ts',
      './near.js',
      './folder',
      'folder/src/index.ts',
      './unbuilt',
      './built',
      'built',
      './common',
      './old.cjs',
    ],
    ...['./ours.ts', './dynamic.ts', 'rain', 'plugin-rain', '@elizaos/plugin-rain', 'snow'],
    ...['@elizaos/plugin-snow', '@acme/plugin-fog', 'fog', 'typed', 'given', 'plugin-given'],
    ...['./several.ts', './my-weather.ts', './any.ts', './factory.ts', './factory-default.ts'],
    ...['./described.ts', './throws.ts', './throws-text.ts', './hangs.ts', './factory-hangs.ts'],
    ...[
      './factory-throws.ts',
      './no-plugin.ts',
      './nothing.ts',
      './nameless.ts',
      './empty-name.ts',
    ],
    ...[
      './twice.ts',
      './enum.ts',
      './broken.ts',
      './lacks.ts',
      './empty',
      './no-json',
      './gone.ts',
    ],
    ...['./data/uploads/evil.ts', '@elizaos/plugin-missing', 'No Name', '--global', ' '],
  ]
  const absolute = join(project.folder, 'one.ts')

  beforeAll(async () => {
    const steps = [...asked, absolute].map((load) => ({ load }))
    const loaded = await loadInProcess({ folder: project.folder, steps, importLimitMs: 300 })
    for (const [index, { load }] of steps.entries()) results.set(load, loaded[index] ?? {})
  })
  afterAll(() => project.remove())

  it.each([
    ['of a file, from the project’s folder', './one.ts', 'one'],
    ['of a file, from a character’s folder', './near.js', 'near'],
    ['of a folder, by its exports', './folder', 'sky'],
    ['of a path without a dot', 'folder/src/index.ts', 'sky'],
    ['of a folder that was not built', './unbuilt', 'unbuilt'],
    ['of its sources, by its path', './built', 'of-sources'],
    ['of what it was built into, as a package', 'built', 'of-build'],
    ['of CommonJS that was compiled', './common', 'common'],
    ['of CommonJS', './old.cjs', 'old'],
    ['that uses the helpers', './ours.ts', 'ours'],
    ['that imports the helpers late', './dynamic.ts', 'dynamic'],
    ['of a package, before a package of the bare name', 'rain', 'rain'],
    ['of a package, by its short name', 'plugin-rain', 'rain'],
    ['of a package, by its whole name', '@elizaos/plugin-rain', 'rain'],
    ['that was installed by plugin add', 'snow', 'snow'],
    ['by ElizaOS’s name, where ours is installed', '@elizaos/plugin-snow', 'snow'],
    ['of another scope', '@acme/plugin-fog', 'fog'],
    ['given in code, by its short name', 'given', 'given'],
    ['given in code, by another of its names', 'plugin-given', 'given'],
    ['of the default export, first', './several.ts', 'default'],
    ['of the export that is called like it', './my-weather.ts', 'weather'],
    ['of any export, and no action is taken for one', './any.ts', 'any'],
    ['of a factory, and no other function is called', './factory.ts', 'made0'],
    ['of a factory that is the default export', './factory-default.ts', 'made'],
    ['that only describes itself', './described.ts', 'described'],
  ])('%s is loaded', (_what, name, expected) => {
    expect(results.get(name)).toMatchObject({ name: expected })
  })

  it('by an absolute path is loaded', () => {
    expect(results.get(absolute)?.name).toBe('one')
  })

  it('comes with its package’s version and folder', () => {
    const { folder } = project
    expect(results.get('./folder')).toMatchObject({
      version: '1.2.3',
      folder: join(folder, 'folder'),
    })
    expect(results.get('snow')).toMatchObject({
      folder: join(folder, 'data/plugins/node_modules/turnkeeper-plugin-snow'),
    })
    expect(results.get('./one.ts')).toMatchObject({ version: null, folder })
    expect(results.get('given')).toMatchObject({ version: null, folder: null })
  })

  it('gets the helpers of this very program, zod included', () => {
    expect(results.get('./ours.ts')?.said).toEqual([{ success: true, text: 'Hello you' }])
  })

  it('is watched when it was named by a path, also when it fails, and not as a package', () => {
    const watched = results.get('./dynamic.ts')?.watched
    expect(watched).toContain(join(project.folder, 'folder'))
    expect(results.get('./described.ts')?.watched?.join()).not.toContain('node_modules')
  })

  it.each([
    [
      'that is not installed',
      '@elizaos/plugin-missing',
      "The plugin '@elizaos/plugin-missing' is not installed. Install it with: npx turnkeeper plugin add @elizaos/plugin-missing",
    ],
    ['of another scope by its short name', 'fog', "The plugin 'fog' is not installed."],
    ['whose name is none', 'No Name', "'No Name' is no name of a plugin"],
    ['whose name is a flag', '--global', "'--global' is no name of a plugin"],
    ['without any name', ' ', "A plugin is named ''"],
    ['whose path leads nowhere', './gone.ts', "'./gone.ts' is not there: looked at '"],
    ['in the data folder', './data/uploads/evil.ts', 'lies in the data folder, from which no code'],
    ['with nothing to import', './empty', "'./empty' has nothing to import in '"],
    ['whose package.json is broken', './no-json', 'has a package.json that is no JSON'],
    [
      'that throws',
      './throws.ts',
      "'./throws.ts' throws when it is imported: No key [key] was accepted. xxx",
    ],
    ['that throws no error', './throws-text.ts', 'throws when it is imported: just words.'],
    ['that never ends its import', './hangs.ts', 'was still being imported after 0.3 s'],
    [
      'whose factory never ends',
      './factory-hangs.ts',
      "by its export 'default': It gave nothing within 300 ms.",
    ],
    ['whose factory throws', './factory-throws.ts', "by its export 'default': no [key]."],
    [
      'that is none',
      './no-plugin.ts',
      'has no plugin among its exports; it has D (function), a (number), b (list), c (function). Export',
    ],
    ['that exports nothing', './nothing.ts', 'has no plugin among its exports; it has none.'],
    ['without a name', './nameless.ts', "The plugin './nameless.ts' has no name"],
    ['with an empty name', './empty-name.ts', "The plugin './empty-name.ts' has no name"],
    ['with two members of one name', './twice.ts', "has the provider 'P' twice"],
    ['with syntax that cannot be stripped', './enum.ts', 'uses TypeScript that Node cannot strip'],
    ['with syntax that is none, with its place', './broken.ts', ' (broken.ts:1).'],
    ['that lacks a package', './lacks.ts', "'not-installed-anywhere'"],
    ['of TypeScript within node_modules', 'typed', 'Its package must hold compiled JavaScript'],
  ])('%s is refused by name', (_what, name, sentence) => {
    const { error = '', kind } = results.get(name) ?? {}
    expect(error).toContain(sentence)
    expect(kind).toBe('PluginError')
    expect(error).not.toContain('sk-canary')
    expect(error.length).toBeLessThan(1000)
  })
})

describe('a plugin that is written while the program runs', () => {
  it('is read anew with all of its files, but not its dependencies, once it is invalidated', async () => {
    const project = projectOf({
      'my/index.ts': `import { sky } from './deep/sky.ts'
import { count } from 'counter'
import legacy, { when } from './legacy.cjs'
export default { name: 'my', description: [sky, count(), legacy.when, when].join(), actions: [] }\n`,
      'my/deep/sky.ts': `export const sky = 'blue'\n`,
      'my/legacy.cjs': `module.exports = require('./part.cjs')\n`,
      'my/part.cjs': `exports.when = 'old'\n`,
      'my/node_modules/counter/package.json': manifest('counter'),
      'my/node_modules/counter/index.js': 'let n = 0\nexport const count = () => ++n\n',
    })
    const folder = join(project.folder, 'my')
    const load = { load: './my' }
    const changed = { write: 'my/deep/sky.ts', text: `export const sky = 'grey'\n` }
    const loaded = await loadInProcess({
      folder: project.folder,
      steps: [
        ...[load, changed, load],
        { write: 'my/part.cjs', text: `exports.when = 'new'\n` },
        ...[{ invalidate: folder }, load],
        { write: 'my/deep/sky.ts', text: 'export const sky = {{\n' },
        ...[{ invalidate: folder }, load, changed, { invalidate: folder }, load],
      ],
    })
    project.remove()
    expect(loaded.map(({ description, error }) => description ?? error?.slice(0, 29))).toEqual([
      ...[
        'blue,1,old,old',
        'blue,1,old,old',
        'grey,2,new,new',
        "The plugin './my' throws when",
        'grey,3,new,new',
      ],
    ])
  })
})
