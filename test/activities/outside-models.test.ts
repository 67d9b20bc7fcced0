import { describe, expect, it } from '@jest/globals'
import { outsideModels } from '../../activities/outside-models.ts'
import type { ModelRouter, ModelVendor } from '../../agent/models.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'

function prepare(vendor: ModelVendor = scriptedVendor('Hello.')) {
  const ports = fakePorts({ vendor })
  const asked: unknown[] = []
  const models: ModelRouter = {
    ...ports.models,
    chain(purpose, agent) {
      asked.push(agent.settings[`${purpose}_VENDOR`])
      return ports.models.chain(purpose, agent)
    },
  }
  const abort = new AbortController()
  const outside = outsideModels({ ...ports, models }, () => ports.agent, abort.signal)
  return { ports, outside, asked, abort }
}

describe('what a plugin asks of models outside of turns', () => {
  it('is written into the ledger, without a turn', async () => {
    const { ports, outside } = prepare()
    expect(await outside.generate('TEXT_SMALL', { prompt: 'Hi' })).toBe('Hello.')
    expect(ports.rows.calls).toMatchObject([
      { call: { purpose: 'TEXT_SMALL', step: 'plugin', attempt: null }, state: 'complete' },
    ])
  })

  it('is asked of the vendor that it names', async () => {
    const { outside, asked } = prepare()
    await outside.generate('TEXT_LARGE', { prompt: 'Hi' })
    await outside.asking('plugin:acme').generate('TEXT_LARGE', { prompt: 'Hi' })
    expect(asked).toEqual([undefined, 'plugin:acme'])
  })

  it('ends with the process', async () => {
    const { outside, abort } = prepare({
      ...scriptedVendor(),
      generate: (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          abort.abort(new Error('The process ends.'))
        }),
    })
    const asked = outside.generate('TEXT_SMALL', { prompt: 'Hi' })
    await expect(asked).rejects.toThrow('The process ends.')
  })
})
