import { beforeEach, describe, expect, it } from '@jest/globals'
import { composeState } from '../../../agent/compose-state.ts'
import { updateRoleAction } from '../../../agent/plugins/core/update-role-action.ts'
import { updateSettingsAction } from '../../../agent/plugins/core/update-settings-action.ts'
import type { JsonObject } from '../../../schema/json.ts'
import { createMemoryRecords, type MemoryRecords } from '../../support/memory-records.ts'
import { AGENT_ID, actionContext, OTHER_ID, PERSON_ID, turnContext } from '../turn-context.ts'

const EMPTY = { values: {}, data: {}, text: '' }
const OWNER_ID = '00000000-0000-0000-0000-00000000000e'
const PEOPLE = [
  { id: PERSON_ID, names: ['Sam'], metadata: {} },
  { id: OTHER_ID, names: ['Kim'], metadata: {} },
  { id: OWNER_ID, names: ['Olga'], metadata: {} },
  { id: AGENT_ID, names: ['Ada'], metadata: {} },
]
const SETTINGS = {
  CHANNEL: { name: 'Channel', description: 'Where to write', required: true, value: null },
  TOKEN: { name: 'Token', description: 'For the API', required: true, secret: true, value: null },
  MODE: {
    name: 'Mode',
    description: 'How',
    value: 'slow',
    public: true,
    validation: ['slow', 'fast'],
  },
  LIMIT: { name: 'Limit', description: 'How much', value: null, dependsOn: ['CHANNEL'] },
  LOUD: { name: 'Loud', description: 'Noise', value: false },
}

let records: MemoryRecords

beforeEach(async () => {
  records = createMemoryRecords()
  const metadata = {
    ownership: { ownerId: OWNER_ID },
    roles: { [PERSON_ID]: 'ADMIN' },
    settings: SETTINGS,
  }
  await records.commit(AGENT_ID, [{ kind: 'world.put', world: { id: 'world', metadata } }])
})

const place = (by: string, type = 'GROUP') => {
  const { message } = turnContext()
  return { records, entities: PEOPLE, room: { type }, message: { ...message, entityId: by } }
}

const metadataNow = async (): Promise<JsonObject> =>
  (await records.of(AGENT_ID).worlds(['world']))[0]?.metadata ?? {}

describe('UPDATE_ROLE', () => {
  async function update(by: string, parameters: JsonObject) {
    const context = actionContext({ ...place(by), parameters })
    const result = await updateRoleAction.handler(context)
    await records.commit(AGENT_ID, context.recorded.records)
    return { result, roles: (await metadataNow()).roles }
  }

  it('really changes the role', async () => {
    const { result, roles } = await update(OWNER_ID, { person: 'kim', role: 'owner' })
    expect(result).toMatchObject({ success: true, text: 'Kim: OWNER from now on.' })
    expect(roles).toEqual({ [PERSON_ID]: 'ADMIN', [OTHER_ID]: 'OWNER' })
  })

  it.each([
    ['an admin who makes an admin', PERSON_ID, 'Kim', 'ADMIN', true],
    ['an admin who takes a role', PERSON_ID, 'me', 'NONE', true],
    ['an admin who makes an owner', PERSON_ID, 'Kim', 'OWNER', false],
    ['an admin who takes a role from the owner', PERSON_ID, 'Olga', 'NONE', false],
    ['somebody without a role', OTHER_ID, 'me', 'ADMIN', false],
    ['an owner who would leave the world to nobody', OWNER_ID, 'me', 'NONE', false],
    ['an owner who changes the agent', OWNER_ID, 'Ada', 'ADMIN', false],
    ['an owner who names nobody', OWNER_ID, 'Ki', 'ADMIN', false],
    ['an owner who names a role that is none', OWNER_ID, 'Kim', 'KING', false],
  ])('%s: %s', async (_, by, person, role, isDone) => {
    const { result, roles } = await update(by, { person, role })
    expect(result.success).toBe(isDone)
    if (!isDone) expect(roles).toEqual({ [PERSON_ID]: 'ADMIN' })
  })

  it('changes all of the people that are named, or none', async () => {
    const { roles } = await update(OWNER_ID, { person: 'Kim, Sam', role: 'NONE' })
    expect(roles).toEqual({ [PERSON_ID]: 'NONE', [OTHER_ID]: 'NONE' })
    const { result } = await update(OWNER_ID, { person: 'Kim, Nobody', role: 'ADMIN' })
    expect(result.error).toBe("I know nobody here who is called 'Nobody'.")
    expect((await metadataNow()).roles).toEqual(roles)
  })

  it('is offered to owners and admins of rooms with several people', async () => {
    const offered = (by: string, type?: string) =>
      updateRoleAction.validate?.(turnContext(place(by, type)), EMPTY)
    expect(await offered(OWNER_ID)).toBe(true)
    expect(await offered(PERSON_ID)).toBe(true)
    expect(await offered(OTHER_ID)).toBe(false)
    expect(await offered(OWNER_ID, 'DM')).toBe(false)
  })
})

describe('UPDATE_SETTINGS', () => {
  async function update(by: string, parameters: JsonObject, answer?: string) {
    const context = actionContext({ ...place(by), parameters, answer })
    const result = await updateSettingsAction.handler(context)
    await records.commit(AGENT_ID, context.recorded.records)
    const { settings } = (await metadataNow()) as { settings: typeof SETTINGS }
    const { said, prompts } = context.recorded
    return { result, settings, said, prompts }
  }

  it('sets values by key or name, leaves the rest of the setting, and says what is left', async () => {
    const updates = { CHANNEL: '#news', mode: 'fast', loud: 'yes' }
    const { settings, result } = await update(OWNER_ID, { updates })
    expect(settings.CHANNEL).toEqual({ ...SETTINGS.CHANNEL, value: '#news' })
    expect(settings.MODE.value).toBe('fast')
    expect(settings.LOUD.value).toBe(true)
    expect(result.text).toContain('Still to be set: Token.')
  })

  it('never says a secret, neither to people nor in its result', async () => {
    const { settings, result, said } = await update(OWNER_ID, { updates: { TOKEN: 'hunter2' } })
    expect(settings.TOKEN.value).toBe('hunter2')
    expect(JSON.stringify([result, said])).not.toContain('hunter2')
    expect(result.text).toContain('Token: ********')
  })

  it.each([
    ['a person without a role', OTHER_ID, { CHANNEL: 'x' }, 'Only owners and admins'],
    ['a setting that does not exist', OWNER_ID, { CHAN: 'x' }, "There is no setting 'CHAN'."],
    ['a value that is not allowed', OWNER_ID, { MODE: 'warp' }, 'must be one of slow, fast'],
    ['one that needs another first', OWNER_ID, { LIMIT: '3' }, 'Limit needs CHANNEL first.'],
    ['an object as a value', OWNER_ID, { MODE: { a: 1 } }, 'must be one word or text'],
    ['one good and one bad', OWNER_ID, { CHANNEL: 'x', MODE: 'warp' }, 'must be one of'],
  ])('changes nothing for %s', async (_, by, updates, reason) => {
    const { result, settings } = await update(by, { updates })
    expect(result).toMatchObject({ success: false, error: expect.stringContaining(reason) })
    expect(settings).toEqual(SETTINGS)
  })

  it('takes what depends on a value of the same update', async () => {
    const { settings } = await update(OWNER_ID, { updates: { CHANNEL: 'x', LIMIT: '3' } })
    expect(settings.LIMIT.value).toBe('3')
  })

  it('asks a small model with the settings as choices, secrets masked', async () => {
    await update(OWNER_ID, { updates: { TOKEN: 'hunter2' } })
    const answer = '<response><updates>{"CHANNEL": "#news"}</updates></response>'
    const { settings, prompts } = await update(OWNER_ID, {}, answer)
    expect(settings.CHANNEL.value).toBe('#news')
    expect(prompts[0]?.prompt).toContain('TOKEN (Token): For the API [is ********]')
    expect(prompts[0]?.prompt).not.toContain('hunter2')
  })
})

describe('ROLES and SETTINGS', () => {
  const stateOf = async (by: string, type?: string) =>
    (await composeState(turnContext(place(by, type)), { only: ['ROLES', 'SETTINGS'] })).state

  it('show roles to all, settings to owners and admins, public ones to others', async () => {
    const { text } = await stateOf(OWNER_ID)
    expect(text).toContain('- OWNER: Olga\n- ADMIN: Sam')
    expect(text).toContain('- TOKEN (Token): For the API [not set, required]')
    expect(text).toContain('Still to be set by the author of the message: Channel, Token')
    const other = await stateOf(OTHER_ID)
    expect(other.text).toContain('- MODE (Mode): How [is "slow"]')
    expect(other.text).not.toContain('TOKEN')
  })

  it('ask for nothing in a direct conversation', async () => {
    const context = turnContext(place(OWNER_ID, 'DM'))
    const worlds = async () => {
      throw new Error('A direct conversation has no world to look at.')
    }
    const asked = { ...context, records: { ...context.records, worlds } }
    const composed = await composeState(asked, { only: ['ROLES', 'SETTINGS', 'ACTIONS'] })
    expect(composed.traces.filter(({ error }) => error)).toEqual([])
    expect(composed.state.text).not.toContain('Olga')
  })

  it('look at the world once, whoever asks', async () => {
    let looks = 0
    const context = turnContext(place(OWNER_ID))
    const worlds: typeof context.records.worlds = async (ids) => {
      looks += 1
      return records.of(AGENT_ID).worlds(ids)
    }
    await composeState({ ...context, records: { ...context.records, worlds } })
    expect(looks).toBe(1)
  })
})
