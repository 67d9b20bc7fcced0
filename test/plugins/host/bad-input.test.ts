import { describe, expect, it } from '@jest/globals'
import { composeState } from '../../../agent/compose-state.ts'
import { pluginVendor } from '../../../models/plugin-vendor.ts'
import { createTurnEvents } from '../../../plugins/host/turn-events.ts'
import { badlyBehaved } from '../../support/sample-plugins/badly-behaved.ts'
import { greeter } from '../../support/sample-plugins/greeter.ts'
import {
  actionOf,
  evaluatorOf,
  hostBench,
  hosted,
  loadedTurn,
  stepOf,
} from '../../support/sample-plugins/host-bench.ts'

async function twoAgents() {
  const bench = hostBench([badlyBehaved, greeter], { timeMs: { provider: 40 } })
  const bad = hosted(['bad', 'greeter'])
  const good = hosted(['greeter'], { name: 'Bea' })
  await bench.host.open(bad)
  await bench.host.open(good)
  return { bench, bad: bad.id, good: good.id }
}

describe('a plugin that does everything wrong', () => {
  it('loses what it gives wrongly, by name, and nothing else of its agent', async () => {
    const { bench, bad } = await twoAgents()
    const { context } = stepOf(bench, bad)
    const only = ['WRONG', 'THROWS', 'HANGS', 'SPOILS', 'WEATHER']
    const { state, traces } = await composeState(context, { only })
    expect(Object.fromEntries(traces.map(({ name, error }) => [name, error]))).toEqual({
      WRONG:
        "The provider WRONG of the plugin 'bad' gave a number. It must give { text, values, data }.",
      THROWS: "The provider THROWS of the plugin 'bad' failed: no luck",
      HANGS: "The provider HANGS of the plugin 'bad' failed: It gave nothing within 40 ms.",
      ...{ SPOILS: undefined, WEATHER: undefined },
    })
    expect(state.text).toBe('fine\n\nSunny')
    expect(context.message.content.text).toBe('hello')
  })

  it('has a result of its action that can be stored, and a late message that is not said', async () => {
    const { bench, bad } = await twoAgents()
    const step = stepOf(bench, bad, { parameters: { size: 1 } })
    expect(await actionOf(bench, bad, 'SPOIL').handler(step.context)).toEqual({
      ...{ success: true, data: { legacyResult: { success: 'yes', error: { deep: '1' } } } },
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(step.said).toEqual([])
    expect(step.context.parameters).toEqual({ size: 1 })
    expect(step.context.state.values).toEqual({ mood: 'calm' })
  })

  it('whose model gives null is named where the model is asked', async () => {
    const { bench, bad } = await twoAgents()
    const [model] = bench.host.agent(bad)?.models ?? []
    if (!model) throw new Error('There is no model.')
    const request = { model: 'TEXT_SMALL', purpose: 'TEXT_SMALL' as const, prompt: 'x' }
    const options = { signal: new AbortController().signal, onText: () => undefined }
    await expect(pluginVendor(model).generate(request, options)).rejects.toMatchObject({
      code: 'model_rejected',
      message: expect.stringContaining("The plugin 'bad' answered TEXT_SMALL in a shape"),
    })
  })

  it('is noticed by no other agent of the process', async () => {
    const { bench, bad, good } = await twoAgents()
    const turnEvents = createTurnEvents(bench.host)
    const work = async (id: string) => {
      const step = stepOf(bench, id, { parameters: { who: 'Sam' } })
      const { state } = await composeState(step.context)
      const { text } = await actionOf(bench, id, 'GREET').handler(step.context)
      turnEvents.emit(loadedTurn(id), 'RUN_STARTED')
      return [state.values.sky, text, step.said.length]
    }
    await evaluatorOf(bench, bad, 'JUDGE')
      .handler(stepOf(bench, bad).context)
      .catch(() => undefined)
    for (let count = 0; count < 6; count += 1) await work(bad)
    await turnEvents.settled()
    expect(await work(good)).toEqual(['blue', 'Greeted Sam', 1])
    const { runtime, report } = bench.host.opened(good) ?? {}
    expect(runtime?.character.name).toBe('Bea')
    expect(report?.flatMap(({ faults }) => faults)).toEqual([])
    const faults = bench.host.opened(bad)?.report.flatMap((one) => one.faults) ?? []
    expect(faults.map(({ member }) => member)).toEqual(
      expect.arrayContaining(['provider WRONG', 'provider HANGS', 'event RUN_STARTED #1']),
    )
  })
})
