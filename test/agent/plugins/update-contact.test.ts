import { beforeEach, describe, expect, it } from '@jest/globals'
import { updateContactAction } from '../../../agent/plugins/core/update-contact-action.ts'
import type { JsonObject } from '../../../schema/json.ts'
import { createMemoryRecords, type MemoryRecords } from '../../support/memory-records.ts'
import { AGENT_ID, actionContext, OTHER_ID, PERSON_ID } from '../turn-context.ts'

const SAM = { id: PERSON_ID, names: ['Sam'], metadata: { city: 'Graz' } }
const KIM = { id: OTHER_ID, names: ['Kim'], metadata: {} }
const COMPONENT_ID = '00000000-0000-0000-0000-0000000000cc'

let records: MemoryRecords

beforeEach(async () => {
  records = createMemoryRecords()
  await records.commit(AGENT_ID, [
    { kind: 'world.put', world: { id: 'world', metadata: {} } },
    { kind: 'entity.put', entity: SAM },
    { kind: 'entity.put', entity: KIM },
    {
      kind: 'component.put',
      component: {
        ...{ id: COMPONENT_ID, entityId: PERSON_ID, worldId: 'world', sourceEntityId: AGENT_ID },
        ...{ type: 'telegram', data: { username: 'old', id: 7 } },
      },
    },
  ])
})

async function update(parameters: JsonObject, more: { by?: string; answer?: string } = {}) {
  const { by = PERSON_ID, answer } = more
  const context = actionContext({ records, entities: [SAM, KIM], parameters, answer })
  const asked = { ...context, message: { ...context.message, entityId: by } }
  const result = await updateContactAction.handler(asked)
  await records.commit(AGENT_ID, context.recorded.records)
  const reads = records.of(AGENT_ID)
  const [[sam], [kim], components] = await Promise.all([
    reads.entities([PERSON_ID]),
    reads.entities([OTHER_ID]),
    reads.components({ entityId: PERSON_ID }),
  ])
  return { result, sam, kim, components, prompts: context.recorded.prompts }
}

describe('UPDATE_CONTACT', () => {
  it('changes names and details of whoever writes, and keeps the rest', async () => {
    const { sam, result } = await update({ name: 'Sammy', data: { email: 'sam@x.test' } })
    expect(sam).toMatchObject({
      names: ['Sammy', 'Sam'],
      metadata: { city: 'Graz', email: 'sam@x.test' },
    })
    expect(result).toMatchObject({ success: true, data: { keys: ['email'] } })
  })

  it.each([
    ['an object', { username: 'new' }],
    ['JSON in a text', '{"username": "new"}'],
    ['lines', 'username: new'],
  ])('merges %s into the data of a platform', async (_, data) => {
    const { components, sam } = await update({ source: 'Telegram', data })
    expect(components).toMatchObject([
      { id: COMPONENT_ID, type: 'telegram', data: { username: 'new', id: 7 } },
    ])
    expect(components).toHaveLength(1)
    expect(sam?.metadata).toEqual({ city: 'Graz' })
  })

  it('never makes a text of what is an object, and merges objects within', async () => {
    const metadata = { city: 'Graz', discord: { id: '7', name: 'sam' } }
    const person = { ...SAM, metadata }
    const data = { discord: 'gone', city: 'Linz' }
    const context = actionContext({ records, entities: [person], parameters: { data } })
    await updateContactAction.handler(context)
    expect(context.recorded.records).toMatchObject([
      { entity: { metadata: { city: 'Linz', discord: { id: '7', name: 'sam' } } } },
    ])
    const parameters = { data: { discord: { name: 'sammy' } } }
    const second = actionContext({ records, entities: [person], parameters })
    await updateContactAction.handler(second)
    expect(second.recorded.records).toMatchObject([
      { entity: { metadata: { discord: { id: '7', name: 'sammy' } } } },
    ])
  })

  it('begins the data of another platform', async () => {
    const { components } = await update({ source: 'discord', data: { username: 'sam' } })
    expect(components.map(({ type }) => type).sort()).toEqual(['discord', 'telegram'])
  })

  it.each([
    ['a text that is no data', { source: 'telegram', data: '<xml>new</xml>' }],
    ['a list', { source: 'telegram', data: ['new'] }],
    ['nothing to change', {}],
    ['a person whom nobody knows', { person: 'Ki', name: 'K' }],
  ])('changes nothing for %s', async (_, parameters) => {
    const { result, sam, components } = await update(parameters)
    expect(result.success).toBe(false)
    expect(sam).toMatchObject({ names: ['Sam'], metadata: { city: 'Graz' } })
    expect(components).toMatchObject([{ data: { username: 'old', id: 7 } }])
  })

  it('changes others only for owners and admins', async () => {
    const parameters = { person: 'Kim', name: 'Kimberly' }
    const refused = await update(parameters)
    expect(refused.result.error).toBe('Only Kim, owners and admins may change that.')
    expect(refused.kim).toMatchObject({ names: ['Kim'] })
    const path = ['roles', PERSON_ID]
    await records.commit(AGENT_ID, [{ kind: 'world.set', id: 'world', path, value: 'ADMIN' }])
    expect((await update(parameters)).kim).toMatchObject({ names: ['Kimberly', 'Kim'] })
  })

  it('asks a small model when nothing that it could change was given', async () => {
    const answer =
      '<response><person>me</person><name></name><source>discord</source><data>{"username": "s"}</data></response>'
    const { components, prompts } = await update({}, { answer })
    expect(prompts).toHaveLength(1)
    expect(components).toMatchObject([
      { type: 'telegram' },
      { type: 'discord', data: { username: 's' } },
    ])
  })
})
