import { isSilence } from '../spoken-actions.ts'
import { ANSWER_FIELDS } from './answer-grammar.ts'
import { namesIn } from './names-in-answer.ts'
import type { Tag } from './xml-tags.ts'

/**
 * Where a reader of a streamed answer is: before a `<response>`, in a `<think>`, between fields, in a
 * field, in the text, or behind all that can be shown. `unsure`: only the whole answer tells.
 */
export type Place =
  | { readonly kind: 'before' | 'thinking' | 'fields' | 'text' | 'after' | 'unsure' }
  | { readonly kind: 'field'; readonly name: string; readonly content: string }

type Holds = (providers: readonly string[]) => boolean

const THOUGHTS: ReadonlySet<string> = new Set(['think', 'thinking'])

/** The place after a tag. What `parseAnswer` could read differently leads to `unsure`. */
export function afterTag(place: Place, tag: Tag, holds: Holds = () => false): Place {
  switch (place.kind) {
    case 'before':
      return afterTagBefore(place, tag)
    case 'thinking':
      return tag.isClose && THOUGHTS.has(tag.name) ? { kind: 'before' } : place
    case 'fields':
      return afterTagBetweenFields(place, tag)
    case 'field':
      return afterTagInField(place, tag, holds)
    case 'text':
      return afterTagInText(place, tag)
    default:
      return place
  }
}

function afterTagBefore(place: Place, tag: Tag): Place {
  if (tag.isClose || tag.isEmpty) return place
  if (THOUGHTS.has(tag.name)) return { kind: 'thinking' }
  return tag.name === 'response' ? { kind: 'fields' } : place
}

function afterTagBetweenFields(place: Place, tag: Tag): Place {
  if (tag.isClose) return tag.name === 'response' ? { kind: 'before' } : place
  if (tag.isEmpty || !ANSWER_FIELDS.has(tag.name)) return place
  return tag.name === 'text' ? { kind: 'text' } : { kind: 'field', name: tag.name, content: '' }
}

function afterTagInField(place: Place & { kind: 'field' }, tag: Tag, holds: Holds): Place {
  const { name, content } = place
  if (tag.isClose && tag.name === name) {
    const isHeld = name === 'providers' && holds(namesIn([content]))
    return { kind: isHeld || saysNothing(name, content) ? 'after' : 'fields' }
  }
  if (`${tag.name}s` === name) return { ...place, content: `${content},` }
  return isStructure(tag) ? { kind: 'unsure' } : place
}

function afterTagInText(place: Place, tag: Tag): Place {
  if (tag.isClose && (tag.name === 'text' || tag.name === 'response')) return { kind: 'after' }
  return !tag.isClose && isStructure(tag) ? { kind: 'unsure' } : place
}

const isStructure = (tag: Tag): boolean => tag.name === 'response' || ANSWER_FIELDS.has(tag.name)

const saysNothing = (name: string, content: string): boolean =>
  (name === 'actions' || name === 'action') && isSilence(namesIn([content]))
