import type { GenerateOptions, ModelRequest, ModelResult, ModelVendor } from '../../agent/models.ts'
import { createElizaVendor } from '../../models/eliza.ts'
import { VENDORS } from '../../models/vendors.ts'
import { MODEL_VENDORS, type VendorName, type VendorNames } from '../../schema/model-vendors.ts'
import type { ScriptedAnswer, StubVendor } from '../models/vendor-under-test.ts'
import { startStubAnthropic } from '../support/stub-anthropic.ts'
import { startStubGoogle } from '../support/stub-google.ts'
import { startStubOllama } from '../support/stub-ollama.ts'
import { startStubOpenaiVendor } from '../support/stub-openai-vendor.ts'

const STUBS: Readonly<Record<VendorName, () => Promise<StubVendor>>> = {
  anthropic: startStubAnthropic,
  google: startStubGoogle,
  ollama: startStubOllama,
  groq: () => startStubOpenaiVendor('groq'),
  openai: () => startStubOpenaiVendor('openai'),
  openrouter: () => startStubOpenaiVendor('openrouter'),
  xai: () => startStubOpenaiVendor('xai'),
}

/**
 * What each vendor's file does, as docs/vendors.md shows it: each is asked, and its stub looked at.
 * `node test/docs/vendor-table.ts` prints both tables.
 */
export async function abilitiesTable(): Promise<string> {
  const rows = await Promise.all(MODEL_VENDORS.map(abilitiesRow))
  const eliza = ['ELIZA', '–', '–', '–', '–', ...methodCells(createElizaVendor())]
  return table(ABILITIES, [...rows, eliza])
}

const ABILITIES = [
  'vendor',
  'tools',
  'JSON',
  'looks at pictures',
  'prompt cache',
  'embeddings',
  'draws',
  'transcribes',
  'speaks',
]

async function abilitiesRow({ vendor: name, label }: VendorNames): Promise<readonly string[]> {
  const stub = await STUBS[name]()
  try {
    const vendor = (await VENDORS[name].load())({ baseUrl: stub.baseUrl, apiKey: 'a-key' })
    const probe = probing(stub, vendor, VENDORS[name].defaults.LARGE ?? 'llama3')
    const cells = [await tools(probe), await json(probe), await pictures(probe), await cache(probe)]
    return [label, ...cells, ...methodCells(vendor)]
  } finally {
    await stub.close()
  }
}

/** Asks, and returns the answer and what was sent. */
type Probe = (
  request: Partial<ModelRequest>,
  answer?: ScriptedAnswer,
) => Promise<{ readonly result: ModelResult; readonly body: string }>

const probing =
  (stub: StubVendor, vendor: ModelVendor, model: string): Probe =>
  async (request, answer = { kind: 'text', chunks: ['Fine.'] }) => {
    stub.answer(answer)
    const options: GenerateOptions = {
      signal: new AbortController().signal,
      onText: () => undefined,
    }
    const asked = {
      model,
      purpose: 'TEXT_LARGE',
      prompt: 'Do this. And that.',
      ...request,
    } as const
    const result = await vendor.generate(asked, options)
    return { result, body: JSON.stringify(stub.requests().at(-1)?.body) }
  }

async function tools(probe: Probe): Promise<string> {
  const tool = { name: 'wait', description: 'Waits.', parameters: { type: 'object' } }
  const calls = [{ name: 'wait', pieces: ['{}'] }]
  const { result } = await probe({ tools: [tool] }, { kind: 'tools', calls })
  return result.toolCalls?.length ? 'yes' : '–'
}

async function json(probe: Probe): Promise<string> {
  const schema = { type: 'object', properties: { hue: { type: 'string' } }, required: ['hue'] }
  const { body } = await probe({ json: { schema } })
  // In words its quotation marks are escaped.
  return body.includes('"hue":{"type":"string"}') ? 'by schema' : 'in words'
}

async function pictures(probe: Probe): Promise<string> {
  const url = 'https://pictures.example/cat.png'
  const data = Buffer.from('a picture of a cat')
  const inline = await probe({ images: [{ kind: 'bytes', data, mimeType: 'image/png' }] })
  const linked = await probe({ images: [{ kind: 'url', url }] }).catch(() => ({ body: '' }))
  const kinds = [
    ...(inline.body.includes(data.toString('base64')) ? ['bytes'] : []),
    ...(linked.body.includes(url) ? ['address'] : []),
  ]
  return kinds.join(', ') || '–'
}

async function cache(probe: Probe): Promise<string> {
  const usage = { input: 50, output: 1, cached: 20 }
  const { result, body } = await probe(
    { stableLength: 'Do this.'.length },
    { kind: 'text', chunks: ['Fine.'], usage },
  )
  if (result.usage?.cachedTokens !== 20) return '–'
  return body.includes('cache_control') ? 'told, counted' : 'counted'
}

const methodCells = ({ embed, draw, transcribe, speak }: ModelVendor): readonly string[] =>
  [embed, draw, transcribe, speak].map((method) => (method ? 'yes' : '–'))

/** What the settings of each vendor are called, and whom it asks when none names a model. */
export function settingsTable(): string {
  const rows = MODEL_VENDORS.map(({ vendor, label, keys, addresses }) => [
    `${label} (\`${vendor}\`)`,
    code(keys) || 'none',
    code(addresses),
    code([VENDORS[vendor].defaults.SMALL, VENDORS[vendor].defaults.LARGE]) || 'what is pulled',
  ])
  return table(['vendor', 'key', 'address', 'small and large model'], rows)
}

const code = (names: readonly (string | undefined)[]): string =>
  names
    .filter((name) => name !== undefined)
    .map((name) => `\`${name}\``)
    .join(', ')

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

if (import.meta.main) {
  process.stdout.write(`${await abilitiesTable()}\n\n${settingsTable()}\n`)
}
