import { randomUUID } from 'node:crypto'
import type { ElizaContent } from '../../plugins/contract.ts'
import { PROVIDER_PROBES } from './provider-probes.ts'
import { openScene, type Probe, type ProbedRuntime, type Scene, says, stateOf } from './scene.ts'
import { PICTURE, type StubVendor } from './stub-vendor.ts'

const textsOf = (replies: readonly ElizaContent[]) => replies.map(({ text }) => text).join('\n')

const textReply = '<response><thought>So.</thought><text>Written by the action.</text></response>'

export const ACTION_PROBES: readonly Probe[] = [
  {
    member: 'action REPLY',
    run: async (scene) =>
      /words of the reply|Written by the action/.test(
        textsOf(await says(scene, 'Hello', { actions: 'REPLY', answers: textReply })),
      ),
  },
  {
    member: 'action IGNORE',
    run: async (scene) => {
      const replies = await says(scene, 'Go away', { actions: 'IGNORE' })
      return replies.every(({ text }) => !text)
    },
  },
  {
    member: 'action NONE',
    run: async (scene) => {
      const replies = await says(scene, 'Hm', { actions: 'NONE' })
      return replies.every(({ text }) => !text)
    },
  },
  {
    member: 'action FOLLOW_ROOM',
    async run(scene) {
      await says(scene, 'Please follow this room', { actions: 'FOLLOW_ROOM' })
      return (await stateOf(scene)) === 'FOLLOWED'
    },
  },
  {
    member: 'action UNFOLLOW_ROOM',
    async run(scene) {
      const { runtime, roomId } = scene
      await runtime.setParticipantUserState(roomId, runtime.agentId, 'FOLLOWED')
      await says(scene, 'Please unfollow this room', { actions: 'UNFOLLOW_ROOM' })
      return (await stateOf(scene)) === null
    },
  },
  {
    member: 'action MUTE_ROOM',
    async run(scene) {
      await says(scene, 'Please mute this room', { actions: 'MUTE_ROOM' })
      return (await stateOf(scene)) === 'MUTED'
    },
  },
  {
    member: 'action UNMUTE_ROOM',
    async run(scene) {
      const { runtime, roomId } = scene
      await runtime.setParticipantUserState(roomId, runtime.agentId, 'MUTED')
      await says(scene, 'Eve, please unmute this room', { actions: 'UNMUTE_ROOM' })
      return (await stateOf(scene)) === null
    },
  },
  {
    member: 'action GENERATE_IMAGE',
    async run(scene) {
      const answers = '<response><prompt>A red barn</prompt></response>'
      const replies = await says(scene, 'Draw a barn', { actions: 'GENERATE_IMAGE', answers })
      return JSON.stringify(replies).includes(PICTURE)
    },
  },
  { member: 'action CHOOSE_OPTION', run: choosesOption },
  {
    member: 'action UPDATE_CONTACT',
    async run(scene) {
      const { runtime, entityId } = scene
      const answers = () =>
        `<response><entityId>${entityId}</entityId><type>EXACT_MATCH</type><source>telegram</source><data><username>wilma</username></data></response>`
      await says(scene, 'My telegram is wilma', { actions: 'UPDATE_CONTACT', answers })
      const [component] = await runtime.getComponents(entityId)
      return (component?.data as { username?: unknown } | undefined)?.username === 'wilma'
    },
  },
  {
    member: 'action UPDATE_ROLE',
    async run(scene) {
      const { runtime, worldId, entityId } = scene
      const answers = `<response><assignments><assignment><entityId>${entityId}</entityId><newRole>ADMIN</newRole></assignment></assignments></response>`
      await says(scene, 'Make me an admin', { actions: 'UPDATE_ROLE', answers })
      const world = await runtime.getWorld(worldId)
      const roles = world?.metadata?.roles as Record<string, unknown> | undefined // as set above
      return roles?.[entityId] === 'ADMIN'
    },
  },
  { member: 'action UPDATE_SETTINGS', run: updatesSettings },
  {
    member: 'action SEND_MESSAGE',
    async run(scene) {
      const other = await openScene(scene.runtime, scene.stub)
      const answers = `<response><targetType>room</targetType><source>direct</source><identifiers><roomName>${other.roomId}</roomName></identifiers></response>`
      await says(scene, 'Tell the others hello', { actions: 'SEND_MESSAGE', answers })
      const { roomId } = other
      const there = await scene.runtime.getMemories({ tableName: 'messages', roomId, count: 5 })
      return there.length > 0
    },
  },
]

async function choosesOption(scene: Scene): Promise<boolean> {
  const { runtime, roomId, worldId, entityId } = scene
  const chosen: unknown[] = []
  runtime.registerTaskWorker({
    name: 'ASK_COLOUR',
    validate: async () => true,
    execute: async (_runtime, options) => void chosen.push(options.option),
  })
  const options = [{ name: 'red' }, { name: 'blue' }]
  await runtime.createTask({
    ...{ name: 'ASK_COLOUR', description: 'Which colour?', roomId, worldId, entityId },
    ...{ tags: ['AWAITING_CHOICE'], metadata: { options } },
  })
  const [task] = await runtime.getTasks({ roomId, tags: ['AWAITING_CHOICE'] })
  const answers = `<response><taskId>${task?.id?.slice(0, 8)}</taskId><selectedOption>blue</selectedOption></response>`
  await says(scene, 'I choose blue', { actions: 'CHOOSE_OPTION', answers })
  return chosen.length === 1 && chosen[0] === 'blue'
}

async function updatesSettings(scene: Scene): Promise<boolean> {
  const { runtime, worldId, stub } = scene
  const world = await runtime.getWorld(worldId)
  if (!world) throw new Error('The world is not there.')
  const colour = { name: 'Colour', description: 'The colour', value: null, required: true }
  await runtime.updateWorld({
    ...world,
    metadata: { ...world.metadata, settings: { COLOUR: colour } },
  })
  stub.answer(() => undefined)
  // As a model answers that keeps to what it was asked for.
  const answers = '<response><key>COLOUR</key><value>green</value></response>'
  await says(scene, 'The colour is green', { actions: 'UPDATE_SETTINGS', answers })
  const after = await runtime.getWorld(worldId)
  const settings = after?.metadata?.settings as Record<string, { value?: unknown }> | undefined
  return settings?.COLOUR?.value === 'green'
}

export const EVALUATOR_PROBES: readonly Probe[] = [
  {
    member: 'evaluator REFLECTION',
    async run(scene) {
      const { runtime, roomId, worldId, entityId } = scene
      for (let n = 0; n < 10; n += 1) {
        await runtime.createMemory(
          {
            ...{ id: randomUUID(), roomId, worldId, entityId, agentId: runtime.agentId },
            ...{ content: { text: `Message ${n}`, source: 'direct' }, createdAt: Date.now() - n },
          },
          'messages',
        )
      }
      const answers =
        '<response><thought>I learnt.</thought><facts><fact><claim>Wilma owns a red boat</claim><type>fact</type><in_bio>false</in_bio><already_known>false</already_known></fact></facts><relationships></relationships></response>'
      await says(scene, 'I own a red boat', { actions: 'REPLY', answers })
      for (const end = Date.now() + 4_000; Date.now() < end; ) {
        const facts = await runtime.getMemories({ tableName: 'facts', roomId, count: 5 })
        if (JSON.stringify(facts).includes('red boat')) return true
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      return false
    },
  },
]

export const PROBES = [...ACTION_PROBES, ...PROVIDER_PROBES, ...EVALUATOR_PROBES]

/** `works`, or `fails` with why it threw. */
export async function runProbes(
  runtime: ProbedRuntime,
  stub: StubVendor,
): Promise<Record<string, string>> {
  const results: Record<string, string> = {}
  for (const { member, run } of PROBES) {
    const channelType = /UPDATE_ROLE/.test(member) ? 'GROUP' : 'DM'
    const result = await openScene(runtime, stub, channelType)
      .then(run)
      .then(
        (works) => (works ? 'works' : 'fails'),
        (error: unknown) => `fails: ${String(error).slice(0, 200)}`,
      )
    stub.answer(() => undefined)
    results[member] = result
  }
  return results
}
