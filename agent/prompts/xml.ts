import { findTags, type Tag, tagName } from './xml-tags.ts'
import { leafText } from './xml-text.ts'

/** Which elements an element may hold, by name; `''` is the document. What is not listed is a leaf. */
export type Grammar = Readonly<Record<string, readonly string[]>>

export interface XmlElement {
  /** In lower case, without `_` and `-`. */
  readonly name: string
  /** Of a leaf, or of an element in which no known child was found. */
  readonly text: string
  readonly children: readonly XmlElement[]
  /** Its closing tag was there. */
  readonly isClosed: boolean
}

interface Reader {
  readonly text: string
  readonly tags: readonly Tag[]
  readonly grammar: Grammar
  readonly nextClose: (name: string) => number
  /** Index of the next tag. It only grows: that makes reading linear. */
  position: number
}

/**
 * Reads the XML that models write. Only tags that the grammar names are markup; the rest is text.
 *
 * - A leaf keeps everything up to its closing tag as it is, markup included. Tags of its own name
 *   inside it count as nested. The closing tag of an ancestor always ends it.
 * - A leaf without a closing tag ends where the next known element begins, or with its parent.
 * - An unclosed parent ends where an element begins that belongs to one of its ancestors.
 * - Prose, code fences, unknown tags and stray closing tags between elements are skipped.
 *
 * Takes time linear in the length of the text.
 */
export function parseElements(text: string, grammar: Grammar): XmlElement[] {
  const names = new Set(normalized(grammar).flat())
  const tags = findTags(text, names)
  const reader: Reader = {
    text,
    tags,
    grammar: Object.fromEntries(normalized(grammar).map(([name, ...inner]) => [name, inner])),
    nextClose: closingTags(tags, () => reader.position),
    position: 0,
  }
  return [...readChildren(reader, '', [])]
}

/** The texts of the children of that name. */
export const childTexts = (element: XmlElement, name: string): string[] =>
  element.children.filter((child) => child.name === tagName(name)).map((child) => child.text)

/** The first text of that name that is not empty, or ''. */
export const childText = (element: XmlElement, name: string): string =>
  childTexts(element, name).find((text) => text !== '') ?? ''

const normalized = (grammar: Grammar): string[][] =>
  Object.entries(grammar).map(([name, children]) => [name, ...children].map(tagName))

/** Finds the next closing tag of a name from the reader's position on; beyond all tags if none. */
function closingTags(tags: readonly Tag[], position: () => number): (name: string) => number {
  const cursors = new Map<string, { readonly indexes: number[]; next: number }>()
  tags.forEach((tag, index) => {
    if (!tag.isClose) return
    const cursor = cursors.get(tag.name)
    if (cursor) cursor.indexes.push(index)
    else cursors.set(tag.name, { indexes: [index], next: 0 })
  })
  return (name) => {
    const cursor = cursors.get(name)
    if (!cursor) return tags.length
    while ((cursor.indexes[cursor.next] ?? tags.length) < position()) cursor.next += 1
    return cursor.indexes[cursor.next] ?? tags.length
  }
}

/** Reads children of `parent` until a tag that belongs elsewhere, which is left to the caller. */
function readChildren(reader: Reader, parent: string, ancestors: readonly string[]): XmlElement[] {
  const children: XmlElement[] = []
  const own = reader.grammar[parent] ?? []
  for (;;) {
    const tag = reader.tags[reader.position]
    if (!tag || endsChildren(reader, tag, parent, ancestors)) return children
    reader.position += 1
    if (!tag.isClose && own.includes(tag.name)) {
      children.push(readElement(reader, tag, [...ancestors, parent]))
    }
  }
}

function endsChildren(reader: Reader, tag: Tag, parent: string, ancestors: readonly string[]) {
  if (tag.isClose) return tag.name === parent || ancestors.includes(tag.name)
  if (reader.grammar[parent]?.includes(tag.name)) return false
  return beginsSibling(reader, tag, ancestors)
}

const beginsSibling = (reader: Reader, tag: Tag, ancestors: readonly string[]): boolean =>
  !tag.isClose && ancestors.some((name) => reader.grammar[name]?.includes(tag.name))

function readElement(reader: Reader, open: Tag, ancestors: readonly string[]): XmlElement {
  const { name } = open
  if (open.isEmpty) return { name, text: '', children: [], isClosed: true }
  const isLeaf = reader.grammar[name] === undefined
  const children = isLeaf ? [] : readChildren(reader, name, ancestors)
  if (isLeaf) reader.position = leafEnd(reader, name, ancestors)

  const end = reader.tags[reader.position]
  const isClosed = end?.isClose === true && end.name === name
  if (isClosed) reader.position += 1
  const raw = reader.text.slice(open.end, end?.start)
  const text = children.length > 0 ? '' : leafText(end ? raw : withoutCutTag(raw, name, ancestors))
  return { name, text, children, isClosed }
}

/** Index of the tag that ends a leaf: its closing tag, a sibling's opening or an ancestor's closing one. */
function leafEnd(reader: Reader, name: string, ancestors: readonly string[]): number {
  const limit = Math.min(...ancestors.map(reader.nextClose))
  if (reader.nextClose(name) < limit) return closingTagOf(reader, name, ancestors, limit)
  let index = reader.position
  for (let tag = reader.tags[index]; tag && index < limit; tag = reader.tags[index]) {
    if (beginsSibling(reader, tag, ancestors)) break
    index += 1
  }
  return index
}

/** The closing tag that is not one of a nested element of the same name; the last one if in doubt. */
function closingTagOf(reader: Reader, name: string, ancestors: readonly string[], limit: number) {
  let nested = 0
  let last = limit
  for (let index = reader.position; index < limit; index += 1) {
    const tag = reader.tags[index]
    if (tag?.name !== name || tag.isEmpty) continue
    if (!tag.isClose) {
      nested += 1
      continue
    }
    last = index
    if (nested === 0 || isFollowedByStructure(reader, index, ancestors)) return index
    nested -= 1
  }
  return last
}

function isFollowedByStructure(reader: Reader, index: number, ancestors: readonly string[]) {
  const next = reader.tags[index + 1]
  if (reader.text.slice(reader.tags[index]?.end, next?.start).trim() !== '') return false
  if (!next) return true
  return next.isClose ? ancestors.includes(next.name) : beginsSibling(reader, next, ancestors)
}

/** An answer that was cut off may end within a closing tag. */
function withoutCutTag(raw: string, name: string, ancestors: readonly string[]): string {
  const start = raw.lastIndexOf('<')
  if (start < 0 || raw.length - start > 50) return raw
  const cut = tagName(raw.slice(start))
  const closings = [name, ...ancestors.filter((ancestor) => ancestor !== '')]
  return closings.some((closing) => `</${closing}>`.startsWith(cut)) ? raw.slice(0, start) : raw
}
