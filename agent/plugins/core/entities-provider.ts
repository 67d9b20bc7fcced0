import type { Provider } from '../../provider.ts'
import { readEntityNames } from './entity-names.ts'
import { list, section } from './sections.ts'

/** More would crowd out the conversation. */
const MAX_ENTITIES = 100

/** Who is in the room. As in ElizaOS it is asked for by name. */
export const entitiesProvider: Provider = {
  name: 'ENTITIES',
  description: 'The people in the room, with their ids.',
  dynamic: true,
  position: 10,
  builtIn: true,
  async get(context) {
    const { entities, nameOf } = await readEntityNames(context)
    const lines = entities.slice(0, MAX_ENTITIES).map(({ id }) => {
      return `${nameOf(id)} (id ${id})${id === context.agent.id ? ', that is you' : ''}`
    })
    const rest = entities.length - lines.length
    const people = list(rest > 0 ? [...lines, `and ${rest} more`] : lines)
    return {
      text: section('People in the room', people),
      values: { entitiesInRoom: people, senderName: nameOf(context.message.entityId) },
    }
  },
}
