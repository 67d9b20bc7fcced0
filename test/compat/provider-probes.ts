import { randomUUID } from 'node:crypto'
import type { ElizaMemory } from '../../plugins/contract.ts'
import { openScene, PERSON, type Probe, type Scene, says } from './scene.ts'
import { PICTURE } from './stub-vendor.ts'

interface ProviderCase {
  readonly name: string
  readonly shows: RegExp
  readonly channelType?: Scene['channelType']
  prepare?(scene: Scene): Promise<unknown>
}

const PROVIDERS: readonly ProviderCase[] = [
  { name: 'ACTIONS', shows: /GENERATE_IMAGE/ },
  { name: 'ACTION_STATE', shows: /previous action|Action/i },
  { name: 'ANXIETY', shows: /\w{10,}/ },
  { name: 'ATTACHMENTS', shows: /A chart of sales/ },
  { name: 'CHARACTER', shows: /Eve knows much/ },
  { name: 'CHOICE', shows: /Which way\?|left/, prepare: awaitChoice },
  { name: 'ENTITIES', shows: new RegExp(PERSON) },
  { name: 'EVALUATORS', shows: /^[\s\S]*$/ },
  { name: 'FACTS', shows: /Wilma likes green doors/, prepare: knowFact },
  { name: 'PROVIDERS', shows: /FACTS/ },
  { name: 'RECENT_MESSAGES', shows: /green doors are nice/, prepare: talk },
  { name: 'RELATIONSHIPS', shows: /relationship/i },
  { name: 'ROLES', shows: /role/i, channelType: 'GROUP' },
  { name: 'SETTINGS', shows: /settings|onboarding|world/i },
  { name: 'TIME', shows: /20\d\d/ },
  { name: 'WORLD', shows: /world/i },
]

export const PROVIDER_PROBES: readonly Probe[] = PROVIDERS.map(
  ({ name, shows, channelType = 'DM', prepare }) => ({
    member: `provider ${name}`,
    async run({ runtime, stub }) {
      const scene = await openScene(runtime, stub, channelType)
      await prepare?.(scene)
      const { roomId, entityId } = scene
      const attachments = [{ id: 'a1', url: PICTURE, title: 'Chart', text: 'A chart of sales' }]
      const message: ElizaMemory = {
        ...{ id: randomUUID(), roomId, entityId, agentId: runtime.agentId, createdAt: Date.now() },
        content: { text: 'What about green doors?', source: 'direct', channelType, attachments },
      }
      const state = await runtime.composeState(message, [name], true)
      const providers = state.data.providers as Record<string, unknown> | undefined // as core has it
      return shows.test(state.text) && (name === 'EVALUATORS' ? name in (providers ?? {}) : true)
    },
  }),
)

async function awaitChoice({ runtime, roomId, worldId, entityId }: Scene): Promise<void> {
  const options = [
    { name: 'left', description: 'left' },
    { name: 'right', description: 'right' },
  ]
  await runtime.createTask({
    ...{ name: 'ASK_WAY', description: 'Which way?', roomId, worldId, entityId },
    ...{ tags: ['AWAITING_CHOICE'], metadata: { options } },
  })
}

async function knowFact({ runtime, roomId, worldId, entityId }: Scene): Promise<void> {
  const vector = new Array<number>(1536).fill(0.02)
  await runtime.createMemory(
    {
      ...{ id: randomUUID(), roomId, worldId, entityId, agentId: runtime.agentId },
      ...{ content: { text: 'Wilma likes green doors' }, embedding: vector, createdAt: Date.now() },
    },
    'facts',
  )
}

function talk(scene: Scene): Promise<unknown> {
  return says(scene, 'green doors are nice', { actions: 'REPLY' })
}
