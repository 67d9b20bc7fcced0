import { describe, expect, it } from '@jest/globals'
import type { ToolCall } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { composedTurn, fakeStep } from '../support/fake-step.ts'
import { type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const LAMPS: Plugin = {
  name: 'lamps',
  description: 'Lamps.',
  actions: [
    {
      name: 'DIM',
      description: 'Dims.',
      parameters: [{ name: 'lamp', description: 'which one', required: true }],
      effect: 'none',
      handler: async () => ({ success: true }),
    },
    {
      name: 'BREAK',
      description: 'Breaks.',
      effect: 'none',
      validate: () => false,
      handler: async () => ({ success: true }),
    },
  ],
}

/** What a model says and does, in the words of either kind of decision. */
interface Said {
  readonly text: string
  readonly actions: readonly string[]
  readonly parameters?: ToolCall['arguments']
}

const WRITERS = {
  xml({ text, actions, parameters }: Said): ScriptedAnswer {
    const params = parameters ? `<params>${JSON.stringify(parameters)}</params>` : ''
    const names = ['REPLY', ...actions].join(', ')
    return `<response><actions>${names}</actions>${params}<text>${text}</text></response>`
  },
  tools({ text, actions, parameters }: Said): ScriptedAnswer {
    return async (_request, { onText }) => {
      for (const word of text.split(/(?<= )/)) onText(word)
      const toolCalls = actions.map((name) => {
        return { name, arguments: Object(parameters?.[name] ?? {}) }
      })
      const finishReason = toolCalls.length > 0 ? 'tool-calls' : 'stop'
      return { text, finishReason, toolCalls, cost: null }
    }
  },
}

async function decide(decision: 'xml' | 'tools', ...answers: ScriptedAnswer[]) {
  const vendor = scriptedVendor(...answers)
  const ports = fakePorts({ vendor, plugins: [LAMPS], settings: { decision } })
  const turn = await composedTurn(ports)
  const decided = await fakeStep(ports).run((activities) => activities.decide(turn))
  const shown = ports.events.map((event) => ('text' in event ? event.text : '')).join('')
  return { decided, shown, vendor, journaled: ports.step(turn, 'decide')?.result }
}

describe.each(['xml', 'tools'] as const)('a decision by %s', (decision) => {
  const run = (said: Said) => decide(decision, WRITERS[decision](said))

  it('is what the person sees and what the journal keeps', async () => {
    const { decided, shown, journaled } = await run({
      text: 'Dimmed it & more.',
      actions: ['DIM'],
      parameters: { DIM: { lamp: 'left' } },
    })
    expect(decided).toEqual({ actions: ['DIM'] })
    expect(shown).toBe('Dimmed it & more.')
    expect(journaled).toMatchObject({
      reply: 'Dimmed it & more.',
      actions: ['DIM'],
      parameters: { DIM: { lamp: 'left' } },
      ignored: false,
      unknownActions: [],
      isComplete: true,
    })
  })

  it('names actions that the agent does not have', async () => {
    const { journaled } = await run({ text: 'I fly.', actions: ['FLY'] })
    expect(journaled).toMatchObject({ actions: [], unknownActions: ['FLY'], reply: 'I fly.' })
  })
})

describe('a decision by tools', () => {
  it('offers the actions that are possible, and a prompt without our XML', async () => {
    const { vendor } = await decide('tools', WRITERS.tools({ text: 'Hi', actions: [] }))
    const [request] = vendor.requests
    expect(request?.tools?.map(({ name }) => name)).toEqual([
      ...['IGNORE', 'SEND_MESSAGE', 'UPDATE_CONTACT', 'DIM'],
    ])
    expect(request?.prompt).not.toContain('<response>')
    expect(request?.stableLength).toBeGreaterThan(500)
  })

  it('is silent when the model calls IGNORE and says nothing', async () => {
    const { journaled, shown } = await decide(
      'tools',
      WRITERS.tools({ text: '', actions: ['IGNORE'] }),
    )
    expect(journaled).toMatchObject({ ignored: true, reply: null })
    expect(shown).toBe('')
  })

  it('asks once more when the model says and calls nothing', async () => {
    const { journaled, vendor } = await decide(
      'tools',
      WRITERS.tools({ text: '', actions: [] }),
      WRITERS.tools({ text: 'Here I am.', actions: [] }),
    )
    expect(vendor.requests).toHaveLength(2)
    expect(journaled).toMatchObject({ reply: 'Here I am.' })
  })
})
