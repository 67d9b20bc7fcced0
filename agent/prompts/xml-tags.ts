import { findCdata } from './xml-text.ts'

/** A tag in text. `name` is lower case without `_` and `-`, so that `in_bio` and `inBio` are one. */
export interface Tag {
  readonly name: string
  readonly isClose: boolean
  /** `<name/>`. */
  readonly isEmpty: boolean
  readonly start: number
  readonly end: number
}

// Bounded, so that a reader of a stream knows when a `<` cannot become a tag any more.
const TAG = /<(\/?)([a-z][\w-]{0,40})(?:\s[^<>]{0,500}|\/)?>/giy

/** A text that may be the beginning of a tag. */
export const PARTIAL_TAG = /^<(?:\/?(?:[a-z][\w-]{0,40}(?:\s[^<>]{0,500}|\/)?)?)?$/i

export const tagName = (written: string): string => written.toLowerCase().replace(/[_-]/g, '')

/** The tag that begins at `start`, whatever its name; undefined when there is none. */
export function tagAt(text: string, start: number): Tag | undefined {
  TAG.lastIndex = start
  const match = TAG.exec(text)
  if (!match) return undefined
  const name = tagName(match[2] ?? '')
  const isClose = match[1] === '/'
  return { name, isClose, isEmpty: match[0].endsWith('/>'), start, end: TAG.lastIndex }
}

/** The tags of these names, in order, CDATA sections skipped. One pass over the text. */
export function findTags(text: string, names: ReadonlySet<string>): Tag[] {
  const tags: Tag[] = []
  let cdata = findCdata(text, 0)
  let position = text.indexOf('<')
  while (position >= 0) {
    if (cdata && cdata.start <= position) {
      position = cdata.end
      cdata = findCdata(text, position)
    } else {
      const tag = tagAt(text, position)
      if (tag && names.has(tag.name)) tags.push(tag)
      position = tag ? tag.end : position + 1
    }
    position = text.indexOf('<', position)
  }
  return tags
}
