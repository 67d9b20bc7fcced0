import { describe, expect, it } from '@jest/globals'
import { VENDORS } from '../../models/vendors.ts'
import { MODEL_VENDORS } from '../../schema/model-vendors.ts'
import { projectFile } from '../deploy/compose-file.ts'
import { abilitiesTable, settingsTable } from './vendor-table.ts'

const page = projectFile('docs/vendors.md')

const between = (name: string): string | undefined =>
  new RegExp(`<!-- ${name}:.*-->\n([\\s\\S]*?)\n<!-- /${name} -->`).exec(page)?.[1]

describe('docs/vendors.md', () => {
  it('shows what the vendors really do (`node test/docs/vendor-table.ts`)', async () => {
    expect(between('abilities')).toBe(await abilitiesTable())
  })

  it('shows the settings and models of each vendor (`node test/docs/vendor-table.ts`)', () => {
    expect(between('settings')).toBe(settingsTable())
  })

  it('tells the habits of each vendor of the table, in its order', () => {
    const [, section = ''] = page.split('## Vendor by vendor\n')
    const told = [...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)
    expect(told).toEqual([...MODEL_VENDORS.map(({ label }) => label), 'ELIZA'])
  })
})

describe('the settings of a vendor', () => {
  it.each(MODEL_VENDORS)(
    'name models for what $label does, and for nothing else',
    async (names) => {
      const vendor = (await VENDORS[names.vendor].load())({ apiKey: 'a-key' })
      const { embed, draw, transcribe, speak } = vendor
      const methods = { EMBEDDING: embed, IMAGE: draw, TRANSCRIPTION: transcribe, TTS: speak }
      const done = Object.entries(methods).flatMap(([kind, method]) => (method ? [kind] : []))
      const named = names.kinds.filter((kind) => kind in methods)
      expect(named.toSorted()).toEqual(done.toSorted())
    },
  )
})
