import type { ActionContext } from '../../action.ts'
import type { Entity } from '../../memory.ts'

/** Whom a name means. Names are compared as a whole, without regard to case. */
export type FoundPerson =
  | { readonly kind: 'found'; readonly person: Entity }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly count: number }

/** Words with which a message speaks of its own author. */
const SELF: ReadonlySet<string> = new Set(['me', 'myself', 'i', 'self', 'sender', 'author'])

/** Among the given people: by id, by one of their names, or the author for "me". */
export function findPerson(
  written: string,
  people: readonly Entity[],
  { message, agent }: Pick<ActionContext, 'message' | 'agent'>,
): FoundPerson {
  const wanted = sameness(written)
  if (wanted === '') return { kind: 'none' }
  const others = distinct(people).filter(({ id }) => id !== agent.id)
  const author = others.find(({ id }) => id === message.entityId)
  if (author && SELF.has(wanted)) return { kind: 'found', person: author }
  const byId = others.find(({ id }) => id.toLowerCase() === wanted)
  const named = byId ? [byId] : others.filter(({ names }) => names.map(sameness).includes(wanted))
  const [first] = named
  if (!first) return { kind: 'none' }
  return named.length === 1
    ? { kind: 'found', person: first }
    : { kind: 'ambiguous', count: named.length }
}

/** How names of people and rooms are compared: `@Sam` is Sam, `#general` is general. */
export const sameness = (name: string): string =>
  name.trim().replace(/^[@#]/, '').replace(/\s+/g, ' ').toLowerCase()

const distinct = (people: readonly Entity[]): Entity[] => [
  ...new Map(people.map((person) => [person.id, person])).values(),
]

/** Why nobody was found, for the person. */
export function whyNobody(written: string, found: FoundPerson): string {
  return found.kind === 'ambiguous'
    ? `${found.count} people are called '${shown(written)}': give the id of one of them.`
    : `I know nobody here who is called '${shown(written)}'.`
}

export const shown = (name: string): string => name.trim().slice(0, 80)
